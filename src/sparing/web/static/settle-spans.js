// Where people differ on the spans of a text: stretch by stretch, each with what they made of it. Pure.

import { plain } from "./spans.js";

/** @typedef {import("./types.js").Span} Span */
/** @typedef {import("./types.js").Disagreement} Disagreement */
/** What some people made of a stretch.
 * @typedef {{readonly spans: readonly Span[], readonly who: readonly string[]}} Version */

/** What all have marked alike, and the stretches where they differ, each with the versions there are.
 * @param {Disagreement} row @returns {{agreed: Span[], stretches: Version[][]}} */
export function compared(row) {
  const votes = row.votes.filter((vote) => vote.spans);
  const all = new Map(votes.flatMap((vote) => (vote.spans ?? []).map((span) => [keyOf(span), span])));
  const isShared = (/** @type {Span} */ span) => votes.every((vote) => vote.spans?.some((one) => keyOf(one) === keyOf(span)));
  const spans = [...all.values()].sort((a, b) => a.start - b.start || a.end - b.end);
  const agreed = spans.filter(isShared), open = spans.filter((span) => !isShared(span));
  return { agreed, stretches: stretches(open).map((inside) => versions(votes, inside)) };
}

/** @param {Span} span */
function keyOf({ start, end, label }) {
  return JSON.stringify([start, end, label]);
}

/** Spans that touch each other, directly or by others, belong together.
 * @param {readonly Span[]} spans in order @returns {Span[][]} */
function stretches(spans) {
  /** @type {Span[][]} */
  const found = [];
  let end = -1;
  for (const span of spans) {
    if (span.start < end) found.at(-1)?.push(span); else found.push([span]);
    end = Math.max(end, span.end);
  }
  return found;
}

/** @param {readonly Disagreement["votes"][number][]} votes @param {readonly Span[]} inside @returns {Version[]} */
function versions(votes, inside) {
  const keys = new Set(inside.map(keyOf));
  /** @type {Map<string, {spans: readonly Span[], who: string[]}>} */
  const found = new Map();
  for (const { annotator, spans } of votes) {
    const own = (spans ?? []).filter((span) => keys.has(keyOf(span)));
    const said = JSON.stringify(own.map(keyOf));
    const same = found.get(said) ?? { spans: own, who: [] };
    same.who.push(annotator || "without a name");
    found.set(said, same);
  }
  return [...found.values()];
}

/** The spans that were decided: what all agree on, and the version that was chosen of each stretch.
 * @param {Disagreement} row @param {readonly number[]} picked */
export function decided(row, picked) {
  const { agreed, stretches: open } = compared(row);
  const chosen = picked.flatMap((choice, i) => open[i]?.[choice]?.spans ?? []);
  return plain([...agreed, ...chosen].sort((a, b) => a.start - b.start));
}
