// A text with its spans on the page: drawn anew where the spans change, chosen words as the browser's own
// selection. Text is only ever set as text.

import { byId, el, release, show } from "./dom.js";
import { markedText, N_COLORS } from "./marked-text.js";
import { pointOf, unitOf } from "./points.js";
import { chosenIn, isSpans, seenIn, spansOf, words } from "./spans.js";

/** @typedef {import("./types.js").State} State */
/** @typedef {import("./types.js").Span} Span */
/** @typedef {import("./main.js").Acts} Acts */

const SETTLE = 350; // ms after which a selection by touch counts as made

/** @type {{text: string, pieces: {unit: number, node: Text}[]}} */
let shown = { text: "", pieces: [] };

/** The spans of the item on the screen. @param {State} state @param {State} before @param {Acts} acts */
export function drawMarking(state, before, acts) {
  show("spans", isSpans(state) && state.item !== null);
  if (!isSpans(state) || !state.item) return;
  const isNew = state.item.item.item_id !== before.item?.item.item_id || before.refused !== state.refused;
  const spans = spansOf(state);
  const isOther = isNew || spans !== spansOf(before) || namesIn(state) !== namesIn(before);
  if (isOther) {
    const seen = seenIn(state);
    draw(state, seen);
    drawList(state, seen, acts);
  }
  if (isOther || state.chosen !== before.chosen) select(state);
}

/** What decides the colors; news that change none of it are no reason to draw under somebody's hand.
 * @param {State} state */
function namesIn({ server }) {
  return JSON.stringify((server?.classes ?? []).map((row) => [row.name, row.place]));
}

/** @param {State} state @param {readonly Span[]} spans */
function draw(state, spans) {
  const text = state.item?.item.text ?? "";
  const made = markedText(text, spans, colorsOf(state), (span) => (span.by === "accepted" ? "span suggested" : "span"));
  shown = { text, pieces: made.pieces };
  byId("item").replaceChildren(made.place);
}

/** @param {State} state @returns {Map<string, number>} */
function colorsOf({ server }) {
  return new Map((server?.classes ?? []).map((row) => [row.name, row.place % N_COLORS]));
}

/** @param {State} state @param {readonly Span[]} spans @param {Acts} acts */
function drawList(state, spans, acts) {
  const on = state.item, colors = colorsOf(state);
  if (!on) return;
  byId("spans-count").textContent = spans.length ? `${spans.length} marked` : "Nothing marked";
  release(byId("spans-list"));
  byId("spans-list").replaceChildren(...spans.map((span) => {
    const said = words(on, span);
    const choose = el("button", { type: "button", class: "of-span" });
    choose.append(el("b", { "data-color": colors.get(span.label) ?? 0 }, span.label), " ", el("span", { dir: "auto" }, said));
    choose.addEventListener("click", () => acts.choose(span.start, span.end));
    const remove = el("button", { type: "button", class: "off", "aria-label": `Take off ${span.label}: ${said}` }, "×");
    remove.addEventListener("click", () => { acts.choose(span.start, span.end); acts.unmark(); });
    return el("li", {}, choose, remove);
  }));
}

/** Show which words are chosen. @param {State} state */
function select(state) {
  const at = chosenIn(state);
  const [a, b] = [spot(unitOf(shown.text, at.start), false), spot(unitOf(shown.text, at.end), true)];
  if (!a || !b) return;
  const range = document.createRange();
  range.setStart(a.node, a.offset);
  range.setEnd(b.node, b.offset);
  const selection = getSelection();
  selection?.removeAllRanges();
  selection?.addRange(range);
  const stage = byId("stage"), box = range.getBoundingClientRect(), frame = stage.getBoundingClientRect();
  if (box.bottom > frame.bottom) stage.scrollTop += box.bottom - frame.bottom + 24;
  else if (box.top < frame.top) stage.scrollTop += box.top - frame.top - 24;
}

/** Where a place of the text is in the document; of two neighbours the one that ends there, or begins.
 * @param {number} unit @param {boolean} asEnd */
function spot(unit, asEnd) {
  const found = shown.pieces.findLast((one) => (asEnd ? one.unit < unit : one.unit <= unit)) ?? shown.pieces[0];
  return found && { node: found.node, offset: Math.min(unit - found.unit, found.node.length) };
}

/** The place of the text that a point in the document is, as a code point; -1: it is elsewhere.
 * @param {Node | null} node @param {number} offset */
function place(node, offset) {
  const found = shown.pieces.find((one) => one.node === node);
  if (found) return pointOf(shown.text, found.unit + offset);
  const inside = node instanceof Element && byId("item").contains(node);
  if (!inside) return -1;
  const next = node.childNodes[offset] ?? null; // between two pieces, or behind the last
  const after = shown.pieces.find((one) => next !== null && (one.node === next || next.contains(one.node)));
  return pointOf(shown.text, after ? after.unit : shown.text.length);
}

/** @param {() => State} now @param {Acts} acts */
export function bindMarking(now, acts) {
  let timer = 0, isDown = false;
  const isOn = () => isSpans(now()) && now().item !== null;
  byId("item").addEventListener("pointerdown", () => { isDown = true; });
  document.addEventListener("pointerup", (event) => {
    if (!isDown) return;
    isDown = false;
    if (!isOn() || event.pointerType === "touch") return;
    setTimeout(() => read(event.altKey)); // a click on a selection takes it away only after this
  });
  byId("item").addEventListener("click", (event) => {
    if (!isOn() || !getSelection()?.isCollapsed) return;
    const found = caretAt(event.clientX, event.clientY);
    if (found >= 0) acts.select(found, found, false);
  });
  document.addEventListener("selectionchange", () => {
    clearTimeout(timer);
    if (isOn() && !isDown) timer = setTimeout(() => read(false), SETTLE);
  });

  /** @param {boolean} exact */
  function read(exact) {
    const selection = getSelection();
    if (!selection || selection.isCollapsed || !selection.rangeCount) return;
    const range = selection.getRangeAt(0);
    const [start, end] = [place(range.startContainer, range.startOffset), place(range.endContainer, range.endOffset)];
    const at = chosenIn(now());
    if (start < 0 || end <= start || (start === at.start && end === at.end)) return;
    acts.select(start, end, exact);
  }
}

/** @param {number} x @param {number} y */
function caretAt(x, y) {
  const found = document.caretPositionFromPoint?.(x, y);
  if (found) return place(found.offsetNode, found.offset);
  const range = document.caretRangeFromPoint?.(x, y);
  return range ? place(range.startContainer, range.startOffset) : -1;
}
