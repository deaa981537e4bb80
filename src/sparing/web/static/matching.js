// The panel of items that were answered and are not in the source any more: what they are now, if anything.

import { api } from "./api.js";
import { button, el, number, plural } from "./dom.js";

/** @typedef {import("./types.js").State} State */
/** @typedef {import("./types.js").Unmatched} Unmatched */
/** @typedef {import("./main.js").Acts} Acts */
/** @typedef {{body: HTMLElement, state: State, acts: Acts}} Part */

/** @type {[import("./types.js").Way, string][]} */
const WAYS = [["id", "the same id: contents were changed"], ["content", "the same content: ids were given anew"],
  ["place", "the same place, between the same neighbors"]];

/** @param {Part} part */
export async function matching({ body, acts }) {
  body.append(el("p", { class: "waiting" }, "Reading the source."));
  const found = await acts.tried(api.unmatched());
  if (found) draw(body, found, acts);
  else body.replaceChildren();
}

/** @param {HTMLElement} body @param {import("./types.js").UnmatchedList} found @param {Acts} acts */
function draw(body, found, acts) {
  const anew = async (/** @type {Promise<import("./types.js").UnmatchedList>} */ request) => {
    const left = await acts.tried(request);
    if (left) draw(body, left, acts);
  };
  if (!found.total) return body.replaceChildren(el("p", {}, "All that was answered is in the source."));
  const all = el("select", { id: "match-by" }, el("option", { value: "" }, "what decides …"),
    ...WAYS.map(([way, name]) => el("option", { value: way }, name)));
  all.addEventListener("change", () => anew(api.matchBy(/** @type {import("./types.js").Way} */ (all.value))));
  const rest = found.total - found.rows.length;
  body.replaceChildren(
    el("p", {}, `${plural(found.total, "item that something was said of is", "items that something was said of are")} not in the source as it is now. `
      + "Their answers are kept. Say what an item is now, and it has them again; what you leave stays as it is."),
    el("p", { class: "row" }, el("label", { for: "match-by" }, "All of them by"), all),
    el("ul", { class: "rows" }, ...found.rows.map((one) => line(one, anew))),
    ...rest ? [el("p", { class: "quiet" }, `And ${number(rest)} more.`)] : []);
}

/** @param {Unmatched} one @param {(request: Promise<import("./types.js").UnmatchedList>) => void} anew */
function line(one, anew) {
  const name = el("input", { type: "text", maxlength: 4000, autocomplete: "off", value: one.is_now ?? "", placeholder: "name of an item", "aria-label": `What ${one.name} is now` });
  const match = button("Match", () => { if (name.value.trim()) anew(api.match({ [one.item_id]: name.value.trim() })); });
  const hint = [one.why, one.text.length > 140 ? `${one.text.slice(0, 140)}…` : one.text].filter(Boolean).join(": ");
  return el("li", { class: "match-row" },
    el("span", { class: "what", dir: "auto" }, one.name), el("strong", { dir: "auto" }, one.label ?? "no label"),
    el("span", {}, "is now"), name, match, el("span", { class: "quiet", dir: "auto" }, hint));
}
