// The boxes of the picture as a list, for whoever reads rather than sees; lines that are as they were are
// left alone.

import { boxesOf, told } from "./boxes.js";
import { byId, el, plural, release, write } from "./dom.js";
import { N_COLORS } from "./marked-text.js";

/** @typedef {import("./types.js").State} State */
/** @typedef {import("./main.js").Acts} Acts */

/** @param {State} state @param {Acts} acts */
export function drawBoxList(state, acts) {
  const boxes = boxesOf(state), list = byId("boxes-list");
  const open = boxes.filter((one) => one.by === "accepted").length;
  write("boxes-count", boxes.length ? `${plural(boxes.length, "box", "boxes")}${open ? `, ${open} suggested` : ""}` : "No box yet");
  const colors = new Map((state.server?.classes ?? []).map((row) => [row.name, row.place % N_COLORS]));
  while (list.children.length > boxes.length) {
    const last = /** @type {HTMLElement} */ (list.lastElementChild);
    release(last);
    last.remove();
  }
  boxes.forEach((one, at) => {
    const row = list.children[at] ?? list.appendChild(line(at, acts)), [choose, off] = row.children;
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

/** @param {number} at @param {Acts} acts */
function line(at, acts) {
  const choose = el("button", { type: "button", class: "of-span" });
  choose.addEventListener("click", () => acts.box({ do: "choose", at }));
  const off = el("button", { type: "button", class: "off" }, "×");
  off.addEventListener("click", () => { acts.box({ do: "choose", at }); acts.box({ do: "remove" }); });
  return el("li", {}, choose, off);
}
