// The boxes of the picture as a list, for whoever reads rather than sees; lines that are as they were are
// left alone.

import { boxesOf, told } from "./boxes.js";
import { byId, el, plural, release, write } from "./dom.js";
import { fit } from "./list-parts.js";
import { N_COLORS } from "./marked-text.js";

/** @typedef {import("./types.js").State} State */
/** @typedef {import("./boxing.js").Acts} Acts */

/** What the list tells of now. @type {readonly import("./types.js").Box[]} */
let shown = [];

/** @param {State} state @param {Acts} acts */
export function drawBoxList(state, acts) {
  const boxes = boxesOf(state), list = byId("boxes-list");
  const open = boxes.filter((one) => one.by === "accepted").length;
  write("boxes-count", boxes.length ? `${plural(boxes.length, "box", "boxes")}${open ? `, ${open} suggested` : ""}` : "No box yet");
  const colors = new Map((state.server?.classes ?? []).map((row) => [row.name, row.place % N_COLORS]));
  fit(shown, boxes, (at) => remove(list.children[at]), (at) => list.insertBefore(line(list, acts), list.children[at] ?? null));
  shown = boxes;
  boxes.forEach((one, at) => {
    const [choose, off] = list.children[at]?.children ?? [];
    const about = told(one), stamp = JSON.stringify([about, one.label, one.by, colors.get(one.label)]);
    if (choose instanceof HTMLElement && off && choose.dataset["stamp"] !== stamp) {
      choose.dataset["stamp"] = stamp;
      const name = el("b", { "data-color": colors.get(one.label) ?? 0, dir: "auto" }, one.label);
      choose.replaceChildren(name, `${about.slice(one.label.length + 1)}${one.by === "accepted" ? " (suggested)" : ""}`);
      off.setAttribute("aria-label", `Take off ${about}`);
    }
    const isChosen = String(at === state.boxing.at);
    if (choose && choose.getAttribute("aria-pressed") !== isChosen) choose.setAttribute("aria-pressed", isChosen);
  });
  list.children[state.boxing.at]?.scrollIntoView?.({ block: "nearest" });
}

/** @param {Element | undefined} row */
function remove(row) {
  if (!(row instanceof HTMLElement)) return;
  release(row);
  row.remove();
}

/** @param {HTMLElement} list @param {Acts} acts */
function line(list, acts) {
  const choose = el("button", { type: "button", class: "of-span" }), off = el("button", { type: "button", class: "off" }, "×");
  const row = el("li", {}, choose, off), pick = () => acts.box({ do: "choose", at: [...list.children].indexOf(row) });
  choose.addEventListener("click", pick);
  off.addEventListener("click", () => { pick(); acts.box({ do: "remove" }); });
  return row;
}
