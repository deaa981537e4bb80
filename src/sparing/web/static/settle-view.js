// Draws the page that settles: the item, who said what, the classes, and how far people agree.

import { chosenBox, counted, isBoxes, labelOf } from "./boxes.js";
import { classButtons } from "./class-buttons.js";
import { whole } from "./content.js";
import { percent } from "./curve.js";
import { button, byId, el, number, plural, show, write } from "./dom.js";
import { figures } from "./figures.js";
import { keysOf, keyTable } from "./keys.js";
import { isSeveral } from "./labels.js";
import { markedText } from "./marked-text.js";
import { slice } from "./points.js";
import { NONE } from "./reducer.js";
import { savedLine } from "./saved.js";
import { drawPlaces } from "./settle-boxing.js";
import { compared } from "./settle-spans.js";
import { isSpans, MOST_SHOWN } from "./spans.js";

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
  if (isSpans(state)) drawStretch(state, row, before, acts);
  if (isBoxes(state)) drawPlaces(state, before, acts);
  drawClasses(state, row, acts);
  drawActions(state, row);
  savedLine(state);
  write("said", state.said);
  write("notice", state.notice);
  show("notice", state.notice !== "");
  if (told) byId("people").replaceChildren(...figures(told));
}

const OF_DRAWING = ["removeBox", "fourPoints", "fit", "undraw"];

/** @param {SettleState} state @param {Disagreement | undefined} row */
function drawActions(state, row) {
  const isDrawn = state.drawing !== null;
  for (const one of document.querySelectorAll("#actions button")) {
    const node = /** @type {HTMLButtonElement} */ (one), what = node.dataset["do"] ?? "";
    node.disabled = row === undefined && what !== "undo";
    if (OF_DRAWING.includes(what)) node.hidden = !isDrawn;
    if (["accept", "later"].includes(what)) node.hidden = isDrawn;
    if (what === "settleDrawn") node.hidden = !isDrawn;
    if (["draw", "turn"].includes(what)) node.hidden = !isBoxes(state) || isDrawn;
    if (what === "fourPoints") node.setAttribute("aria-pressed", String(state.drawing?.boxMode === "four"));
  }
}

/** @param {SettleState} state @param {Disagreement | undefined} row @param {Disagreement | undefined} before */
function drawItem(state, row, before) {
  show("item", row !== undefined);
  show("card", row === undefined);
  if (row && !isBoxes(state) && row.asked.item.item_id !== before?.asked.item.item_id) byId("item").replaceChildren(whole(row.asked.item));
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

/** The text with what all agree on, and the versions of the stretch in question, a key each.
 * @param {SettleState} state @param {Disagreement | undefined} row @param {SettleState} before @param {SettleActs} acts */
function drawStretch(state, row, before, acts) {
  if (row === before.rows[0] && state.picked === before.picked) return;
  const place = byId("stretch");
  place.hidden = row === undefined;
  if (!row) return place.replaceChildren();
  const { agreed, stretches } = compared(row), text = row.asked.item.text ?? "", n = state.picked.length;
  const shown = stretches.flatMap((versions, i) => (i < n ? versions[state.picked[i] ?? 0]?.spans ?? [] : [stretchOf(versions)]));
  const colors = new Map((state.server?.classes ?? []).map((one) => [one.name, one.place]));
  const spans = [...agreed, ...shown].sort((a, b) => a.start - b.start);
  const now = stretches[n];
  const seen = spans.filter((span) => span.end <= MOST_SHOWN);
  byId("item").replaceChildren(markedText(text, seen, colors, (span) => (agreed.includes(span) ? "span agreed" : span.label ? "span" : "span open")).place);
  place.replaceChildren(...(now ?? []).map((version, i) => {
    const said = version.spans.map((s) => `${s.label}: ${quoted(text, s)}`).join("; ") || "nothing here";
    const made = button("", () => acts.pick(i), "class");
    made.append(el("kbd", {}, String(i + 1)), el("span", { dir: "auto" }, said), " ", el("span", { class: "quiet", dir: "auto" }, version.who.join(", ")));
    return made;
  }));
}

/** What a span marks; its place where that lies behind what is shown of its text.
 * @param {string} text @param {import("./types.js").Span} span */
function quoted(text, { start, end }) {
  return end <= MOST_SHOWN ? slice(text, start, end) : `characters ${number(start)} to ${number(end)}, behind what is shown`;
}

/** All of the text that some versions mark, as one span without a class. @param {import("./settle-spans.js").Version[]} versions */
function stretchOf(versions) {
  const spans = versions.flatMap((version) => version.spans);
  const [start, end] = [Math.min(...spans.map((s) => s.start)), Math.max(...spans.map((s) => s.end))];
  return { start, end, label: "", by: /** @type {const} */ ("drawn"), version: null };
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
    el("strong", { dir: "auto" }, vote.boxes ? counted(vote.boxes) : vote.class_name ?? "skipped"))));
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
  place.hidden = row === undefined || isSpans(state) || (isBoxes(state) && !state.drawing);
  if (isSpans(state) || (isBoxes(state) && !state.drawing)) return;
  if (state.drawing) return drawClassesOfBoxes(place, state.drawing, acts);
  const order = [...rows].sort((a, b) => Number(named.has(b.name)) - Number(named.has(a.name)) || a.place - b.place);
  const names = order.map(({ name }) => name);
  classButtons(place, isSeveral(state) ? [...names.filter((name) => name !== NONE), NONE] : names, keyTable(rows), acts.settle, named);
  if (!isSeveral(state)) return;
  for (const child of place.querySelectorAll("button")) {
    child.setAttribute("aria-pressed", String((state.draft ?? []).includes(child.dataset["name"] ?? "")));
  }
}

/** The class of the chosen box, and of those to come. @param {HTMLElement} place @param {import("./types.js").State} drawing
 * @param {SettleActs} acts */
function drawClassesOfBoxes(place, drawing, acts) {
  const names = (drawing.server?.classes ?? []).map((row) => row.name).filter((name) => name !== NONE);
  classButtons(place, names, keysOf(drawing), acts.settle);
  const chosen = chosenBox(drawing)?.label ?? labelOf(drawing);
  for (const child of place.querySelectorAll("button")) child.setAttribute("aria-pressed", String(child.dataset["name"] === chosen));
}
