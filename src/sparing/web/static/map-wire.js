// What comes over the wire: arrays of numbers, little-endian. Reading them is pure.

import { api, ask, failureOf, unreachable } from "./api.js";

/** @typedef {import("./map-types.js").Colors} Colors */

const PATIENCE = 60_000; // ms

/** @param {string} path */
async function bytes(path) {
  const response = await ask(path, {}, PATIENCE);
  if (!response.ok) throw await failureOf(response);
  return response.arrayBuffer().catch(() => { throw unreachable(); });
}

/** x and y of each item.
 * @param {ArrayBuffer} content */
export function places(content) {
  if (new Uint8Array(new Uint16Array([1]).buffer)[0] === 1) return new Uint16Array(content);
  const view = new DataView(content);
  return Uint16Array.from({ length: content.byteLength / 2 }, (_, i) => view.getUint16(2 * i, true));
}

/** The rows of some items.
 * @param {ArrayBuffer} content */
export function rows(content) {
  const view = new DataView(content);
  return Uint32Array.from({ length: content.byteLength / 4 }, (_, i) => view.getUint32(4 * i, true));
}

/** A head in JSON behind its length, then a byte an item.
 * @param {ArrayBuffer} content @returns {Colors} */
export function colors(content) {
  const length = new DataView(content).getUint32(0, true);
  const { names } = JSON.parse(new TextDecoder().decode(new Uint8Array(content, 4, length)));
  return { names, codes: new Uint8Array(content, 4 + length) };
}

/** How many items have each code.
 * @param {Uint8Array} codes */
export function tallied(codes) {
  const counts = new Uint32Array(256);
  for (let i = 0; i < codes.length; i++) {
    const code = /** @type {number} */ (codes[i]);
    counts[code] = /** @type {number} */ (counts[code]) + 1;
  }
  return counts;
}

export const wire = {
  maps: () => api.maps(),
  /** @param {string} kind @param {string} mark */
  places: async (kind, mark) => places(await bytes(`/api/map/places/${kind}/${mark}`)),
  /** @param {string} by */
  colors: async (by) => colors(await bytes(`/api/map/colors/${by}`)),
  /** @param {string} text */
  search: async (text) => rows(await bytes(`/api/map/search?${new URLSearchParams({ text })}`)),
};
