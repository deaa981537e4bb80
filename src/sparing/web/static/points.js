// Code points and what browsers count in, UTF-16 units: offsets on the wire are code points. Pure.

/** @type {{text: string, starts: Uint32Array}} */
let last = { text: "", starts: new Uint32Array(1) };

/** Where each code point of a text begins in UTF-16 units, and where the last one ends.
 * @param {string} text @returns {Uint32Array} */
function startsOf(text) {
  if (last.text === text) return last.starts;
  const starts = new Uint32Array(text.length + 1);
  let n = 0, unit = 0;
  for (const point of text) {
    starts[n++] = unit;
    unit += point.length;
  }
  starts[n++] = unit;
  last = { text, starts: starts.subarray(0, n) };
  return last.starts;
}

/** @param {string} text */
export function length(text) {
  return startsOf(text).length - 1;
}

/** @param {string} text @param {number} point */
export function unitOf(text, point) {
  const starts = startsOf(text);
  return starts[Math.min(point, starts.length - 1)] ?? 0;
}

/** The code point in which a place lies that a browser has named.
 * @param {string} text @param {number} unit */
export function pointOf(text, unit) {
  const starts = startsOf(text);
  let low = 0, high = starts.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((starts[middle] ?? 0) <= unit) low = middle; else high = middle - 1;
  }
  return low;
}

/** @param {string} text @param {number} start @param {number} end */
export function slice(text, start, end) {
  return text.slice(unitOf(text, start), unitOf(text, end));
}
