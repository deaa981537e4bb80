// Spans of the text on the screen before they are said: what is marked, and which words are chosen. Pure.

import { length, slice } from "./points.js";

/** @typedef {import("./types.js").State} State */
/** @typedef {import("./types.js").Span} Span */
/** @typedef {import("./types.js").Chosen} Chosen */
/** @typedef {import("./types.js").Asked} Asked */

/** @type {readonly Span[]} */
const NOTHING = [];
/** Code points of a text that the page gets; behind them stands only how many more there are. */
export const MOST_SHOWN = 100_000;
const WORD = /[\p{L}\p{N}]/u;

/** Whether spans are marked in the items of this project.
 * @param {{readonly server: {readonly kind: string} | null}} state */
export function isSpans({ server }) {
  return server?.kind === "spans";
}

/** What is marked in the item on the screen: what the person has made of it; else its answer; else
 * what the model suggests, where that is shown.
 * @param {State} state @returns {readonly Span[]} */
export function spansOf(state) {
  return state.spans ?? state.item?.answer?.spans ?? suggestedIn(state) ?? NOTHING;
}

/** Those of them that the page can show. @param {State} state */
export function seenIn(state) {
  return spansOf(state).filter((span) => span.end <= MOST_SHOWN);
}

/** @param {State} state @returns {readonly Span[] | null} */
export function suggestedIn({ item, guesses }) {
  return (guesses ? item?.guess?.[3] : null) ?? null;
}

/** Whether spans stood there from the first, answered or suggested, if only none: what is left of
 * them is an answer too when it is empty. @param {State} state */
export function spansOffered(state) {
  return Boolean(state.item?.answer?.spans ?? suggestedIn(state));
}

/** @param {readonly Span[]} a @param {readonly Span[]} b */
export function same(a, b) {
  const said = (/** @type {readonly Span[]} */ spans) => JSON.stringify(spans.map((s) => [s.start, s.end, s.label]));
  return said(a) === said(b);
}

/** Which words are chosen: at first the first span there is, else the first word.
 * @param {State} state @returns {Chosen} */
export function chosenIn(state) {
  if (state.chosen) return state.chosen;
  const first = seenIn(state)[0], tokens = state.item?.item.tokens ?? [];
  return { start: first?.start ?? tokens[0] ?? 0, end: first?.end ?? tokens[1] ?? 0, back: false };
}

/** The span that is chosen, or the first that the chosen words touch.
 * @param {State} state @returns {Span | undefined} */
export function spanIn(state) {
  const at = chosenIn(state);
  return spansOf(state).find((s) => s.start === at.start && s.end === at.end) ?? spansOf(state).find((s) => touch(s, at));
}

/** @param {{start: number, end: number}} a @param {{start: number, end: number}} b */
function touch(a, b) {
  return a.start < b.end && b.start < a.end;
}

/** @param {Asked} on @param {{start: number, end: number}} at */
export function words({ item }, { start, end }) {
  return slice(item.text ?? "", start, end);
}

/** The first and the last token that a place touches; beside all tokens, the next one.
 * @param {readonly number[]} tokens @param {{start: number, end: number}} at @returns {[number, number]} */
function tokensAt(tokens, { start, end }) {
  const n = tokens.length / 2;
  let first = 0;
  while (first < n - 1 && (tokens[2 * first + 1] ?? 0) <= start) first++;
  let last = first;
  while (last < n - 1 && (tokens[2 * last + 2] ?? 0) < end) last++;
  return [first, last];
}

/** @param {State} state @param {number} first @param {number} last @param {boolean} [back] @returns {State} */
function choose(state, first, last, back = false) {
  const tokens = state.item?.item.tokens ?? [];
  const chosen = { start: tokens[2 * first] ?? 0, end: tokens[2 * last + 1] ?? 0, back };
  return told({ ...state, chosen, notice: "" });
}

/** Say to screen readers what is chosen. @param {State} state @returns {State} */
function told(state) {
  if (!state.item) return state;
  const at = chosenIn(state), span = spansOf(state).find((s) => s.start === at.start && s.end === at.end);
  const said = words(state.item, at);
  return { ...state, said: span ? `${span.label}: ${said}` : said };
}

/** Choose another word, or more and fewer of them.
 * @param {State} state @param {number} by @param {boolean} extend @returns {State} */
export function stepped(state, by, extend) {
  const tokens = state.item?.item.tokens ?? [];
  if (!tokens.length) return state;
  const within = (/** @type {number} */ i) => Math.max(0, Math.min(tokens.length / 2 - 1, i));
  const at = chosenIn(state), [first, last] = tokensAt(tokens, at);
  if (!extend) {
    const next = within((by > 0 ? last : first) + by);
    return choose(state, next, next);
  }
  const anchor = at.back ? last : first, moving = within((at.back ? first : last) + by);
  return choose(state, Math.min(anchor, moving), Math.max(anchor, moving), moving < anchor);
}

/** The place of the span before or after what is chosen, or null.
 * @param {State} state @param {number} by @returns {Span | null} */
export function neighbor(state, by) {
  const spans = seenIn(state), at = chosenIn(state);
  if (!state.chosen && by > 0) return spans[0] ?? null;
  if (by > 0) return spans.find((s) => s.start > at.start) ?? null;
  return spans.findLast((s) => s.start < at.start) ?? null;
}

/** Choose what was selected on the screen: whole words without marks at their ends; a mere click chooses
 * the span or the word there.
 * @param {State} state @param {{start: number, end: number, exact: boolean}} place @returns {State} */
export function selected(state, { start, end, exact }) {
  const tokens = state.item?.item.tokens ?? [], text = state.item?.item.text ?? "";
  if (!tokens.length) return state;
  if (start === end) {
    const span = seenIn(state).find((s) => s.start <= start && start < s.end);
    if (span) return told({ ...state, chosen: { start: span.start, end: span.end, back: false }, notice: "" });
    return choose(state, ...tokensAt(tokens, { start, end: start + 1 }));
  }
  if (exact && start < MOST_SHOWN) {
    const chosen = { start, end: Math.min(end, length(text), MOST_SHOWN), back: false };
    return told({ ...state, chosen, notice: "" });
  }
  let [first, last] = tokensAt(tokens, { start, end });
  const isWord = (/** @type {number} */ i) => WORD.test(slice(text, tokens[2 * i] ?? 0, tokens[2 * i + 1] ?? 0));
  const [from, to] = [first, last];
  while (first < last && !isWord(first)) first++;
  while (last > first && !isWord(last)) last--;
  return isWord(first) ? choose(state, first, last) : choose(state, from, to);
}

/** Mark the chosen words; what they cross gives way, and the span they are gets another class.
 * @param {State} state @param {string} label @returns {State} */
export function marked(state, label) {
  if (!state.item || !state.item.item.tokens?.length) return { ...state, notice: "There is no word to mark here." };
  const { start, end } = chosenIn(state);
  const crossed = spansOf(state).filter((s) => touch(s, { start, end }));
  const was = crossed.find((s) => s.by !== "drawn");
  /** @type {Span} */
  const span = { start, end, label, by: was ? "edited" : "drawn", version: was?.version ?? null };
  const isSame = crossed.length === 1 && crossed[0]?.start === start && crossed[0]?.end === end && crossed[0]?.label === label;
  if (isSame) return { ...state, said: `${label} already.` };
  return changed(state, [...spansOf(state).filter((s) => !crossed.includes(s)), span], `${label}: ${words(state.item, span)}.`);
}

/** Mark the same words wherever the item has them and nothing is marked.
 * @param {State} state @param {string} label @returns {State} */
export function markedAlike(state, label) {
  const first = marked(state, label), tokens = state.item?.item.tokens ?? [], text = state.item?.item.text ?? "";
  const at = chosenIn(state), wanted = slice(text, at.start, at.end), size = at.end - at.start;
  const ends = new Set(tokens.filter((_, i) => i % 2 === 1));
  const spans = [...spansOf(first)];
  for (let i = 0; i < tokens.length; i += 2) {
    const start = tokens[i] ?? 0, place = { start, end: start + size };
    if (!ends.has(place.end) || slice(text, start, place.end) !== wanted || spans.some((s) => touch(s, place))) continue;
    spans.push({ ...place, label, by: "drawn", version: null });
  }
  return changed(first, spans, `${label}: ${wanted}, ${spans.length - spansOf(first).length + 1} times.`);
}

/** Take off what the chosen words touch. @param {State} state @returns {State} */
export function unmarked(state) {
  const gone = spansOf(state).filter((s) => touch(s, chosenIn(state)));
  if (!gone.length) return { ...state, notice: "Nothing is marked here." };
  return changed(state, spansOf(state).filter((s) => !gone.includes(s)), `${gone.map((s) => s.label).join(", ")} taken off.`);
}

/** Move one end of the chosen span by a word, as far as nothing else is in the way.
 * @param {State} state @param {"start" | "end"} side @param {number} by @returns {State} */
export function edged(state, side, by) {
  const span = spanIn(state), tokens = state.item?.item.tokens ?? [];
  if (!span || !state.item) return { ...state, notice: "Nothing is marked here." };
  let [first, last] = tokensAt(tokens, span);
  if (side === "start") first += by; else last += by;
  /** @type {Span} */
  const moved = { ...span, start: tokens[2 * first] ?? span.start, end: tokens[2 * last + 1] ?? span.end, by: origin(span) };
  const rest = spansOf(state).filter((s) => s !== span);
  if (first > last || first < 0 || rest.some((s) => touch(s, moved))) return state;
  const next = changed(state, [...rest, moved], `${span.label}: ${words(state.item, moved)}.`);
  return { ...next, chosen: { start: moved.start, end: moved.end, back: false } };
}

/** @param {Span} span @returns {Span["by"]} */
function origin({ by }) {
  return by === "drawn" ? by : "edited";
}

/** @param {State} state @param {readonly Span[]} spans @param {string} said @returns {State} */
function changed(state, spans, said) {
  const sorted = [...spans].sort((a, b) => a.start - b.start);
  return { ...state, chosen: chosenIn(state), spans: sorted, said: `${said} ${sorted.length} marked.`, notice: "" };
}

/** The spans as they are said. @param {readonly Span[]} spans */
export function plain(spans) {
  return spans.map(({ start, end, label, by, version }) => ({ start, end, label, by, version }));
}
