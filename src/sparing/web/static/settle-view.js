// Draws the page that settles: the item, who said what, the classes, and how far people agree.

import { classButtons } from "./class-buttons.js";
import { whole } from "./content.js";
import { percent } from "./curve.js";
import { byId, el, plural, show, write } from "./dom.js";
import { figures } from "./figures.js";
import { keyTable } from "./keys.js";
import { isSeveral } from "./labels.js";
import { NONE } from "./reducer.js";
import { savedLine } from "./saved.js";

/** @typedef {import("./types.js").SettleState} SettleState */
/** @typedef {import("./types.js").Disagreement} Disagreement */
/** @typedef {import("./settle-main.js").SettleActs} SettleActs */

const UNSURE = 0.55; // below, a consensus is no more than the toss of a coin

/** @param {SettleState} state @param {SettleState} before @param {SettleActs} acts
 * @param {import("./types.js").People} [told] */
export function render(state, before, acts, told) {
  const row = state.refused ? undefined : state.rows[0];
  if (state.server) {
    write("name", state.server.name);
    document.title = `Settle – ${state.server.name} – sparing`;
  }
  drawItem(state, row, before.rows[0]);
  drawVotes(row);
  drawClasses(state, row, acts);
  for (const node of document.querySelectorAll("#actions button")) {
    /** @type {HTMLButtonElement} */ (node).disabled = row === undefined && /** @type {HTMLElement} */ (node).dataset["do"] !== "undo";
  }
  savedLine(state);
  write("said", state.said);
  write("notice", state.notice);
  show("notice", state.notice !== "");
  if (told) byId("people").replaceChildren(...figures(told));
}

/** @param {SettleState} state @param {Disagreement | undefined} row @param {Disagreement | undefined} before */
function drawItem(state, row, before) {
  show("item", row !== undefined);
  show("card", row === undefined);
  if (row && row.asked.item.item_id !== before?.asked.item.item_id) byId("item").replaceChildren(whole(row.asked.item));
  if (row) return;
  byId("item").replaceChildren();
  const place = byId("card");
  const stamp = state.refused || (state.listed ? "done" : "waiting");
  if (place.dataset["stamp"] === stamp) return;
  place.dataset["stamp"] = stamp;
  place.replaceChildren(...card(state));
}

/** @param {SettleState} state @returns {Node[]} */
function card({ refused, listed, steps }) {
  if (refused) return [el("h2", {}, "This page is closed"), el("p", {}, refused)];
  if (!listed) return [el("p", { class: "waiting" }, "Looking for items on which people differ.")];
  const title = steps.length ? "All is settled" : "Nobody differs";
  return [el("h2", {}, title), el("p", {}, "There is no item on which people differ now."),
    el("p", {}, el("a", { href: "/" }, "Back to labeling"))];
}

/** @param {Disagreement | undefined} row */
function drawVotes(row) {
  show("votes", row !== undefined);
  const n = row ? row.votes.length : 0;
  write("about", row ? about(row, n) : "");
  const stamp = row ? row.asked.item.item_id + JSON.stringify(row.votes) : "";
  const place = byId("votes");
  if (place.dataset["stamp"] === stamp) return;
  place.dataset["stamp"] = stamp;
  place.replaceChildren(...(row?.votes ?? []).map((vote) => el("li", {},
    el("span", { class: "quiet", dir: "auto" }, vote.annotator || "Without a name"),
    el("strong", { dir: "auto" }, vote.class_name ?? "skipped"))));
}

/** @param {Disagreement} row @param {number} n */
function about(row, n) {
  const [name, sure] = row.suggestion;
  const lean = sure < UNSURE ? "The consensus is undecided" : `The consensus leans to ${name}, ${percent(sure)}`;
  const audited = row.is_audited ? " It checks the model: until it is settled it counts as an error." : "";
  return `${row.asked.item.name}: ${plural(n, "person", "people")} differ. ${lean}.${audited}`;
}

/** @param {SettleState} state @param {Disagreement | undefined} row @param {SettleActs} acts */
function drawClasses(state, row, acts) {
  const place = byId("classes");
  const rows = state.server?.classes ?? [];
  const named = new Set((row?.votes ?? []).flatMap((vote) => vote.labels ?? [vote.class_name]));
  place.hidden = row === undefined;
  const order = [...rows].sort((a, b) => Number(named.has(b.name)) - Number(named.has(a.name)) || a.place - b.place);
  const names = order.map(({ name }) => name);
  classButtons(place, isSeveral(state) ? [...names.filter((name) => name !== NONE), NONE] : names, keyTable(rows), acts.settle, named);
  if (!isSeveral(state)) return;
  for (const child of place.querySelectorAll("button")) {
    child.setAttribute("aria-pressed", String((state.draft ?? []).includes(child.dataset["name"] ?? "")));
  }
}
