// A text with its spans as elements. Text is only ever set as text.

import { el } from "./dom.js";
import { unitOf } from "./points.js";

/** @typedef {import("./types.js").Span} Span */

export const N_COLORS = 10;
const LONG = 400; // characters; longer texts are set smaller

/** A text with spans that do not cross, and its pieces: where each begins, in what browsers count in.
 * @param {string} text @param {readonly Span[]} spans @param {ReadonlyMap<string, number>} colors by class
 * @param {(span: Span) => string} looks the class of the element of a span */
export function markedText(text, spans, colors, looks) {
  const place = el("p", { class: text.length > LONG ? "text long marked" : "text marked", dir: "auto" });
  /** @type {{unit: number, node: Text}[]} */
  const pieces = [];
  const piece = (/** @type {number} */ from, /** @type {number} */ to) => {
    const node = document.createTextNode(text.slice(from, to));
    pieces.push({ unit: from, node });
    return node;
  };
  let unit = 0;
  for (const span of spans) {
    const [from, to] = [unitOf(text, span.start), unitOf(text, span.end)];
    if (from > unit) place.append(piece(unit, from));
    const color = (colors.get(span.label) ?? 0) % N_COLORS;
    const made = el("mark", { class: looks(span), "data-label": span.label, "data-color": color });
    made.append(piece(from, to));
    place.append(made);
    unit = to;
  }
  if (unit < text.length || !text) place.append(piece(unit, text.length));
  return { place, pieces };
}
