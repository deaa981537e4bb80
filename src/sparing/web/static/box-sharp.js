// What is seen of a large picture, in full resolution: laid over its smaller copy once the view has settled.
// It lies in the picture's own frame, by parts of its size, so that it moves and grows with it.

import { partUrl } from "./api.js";
import { sharper } from "./box-geometry.js";
import { el } from "./dom.js";

/** @typedef {import("./types.js").Point} Point */

const SETTLED = 150; // milliseconds without another view

/** @type {ReturnType<typeof setTimeout> | undefined} */
let waiting;
let wanted = new AbortController(); // of the last view alone: what was asked for before is let go

/** Note another view; none of what was asked for before is shown any more.
 * @param {import("./box-view.js").Overlay} on @param {import("./types.js").View} view @param {string} id of the item */
export function sharpen(on, view, id) {
  clearTimeout(waiting);
  wanted.abort();
  wanted = new AbortController();
  const { signal } = wanted;
  on.image.querySelector(".sharp")?.remove();
  waiting = setTimeout(() => lay(on, view, id, signal), SETTLED);
}

/** @param {import("./box-view.js").Overlay} on @param {import("./types.js").View} view @param {string} id
 * @param {AbortSignal} signal */
async function lay(on, view, id, signal) {
  const copy = on.image.querySelector("img"), { width, height, place } = on;
  if (!copy) return;
  await copy.decode().catch(() => {}); // what cannot be shown says so itself, and has no width
  if (signal.aborted || !place.isConnected) return;
  const part = sharper(view, [width, height], [place.clientWidth, place.clientHeight], copy.naturalWidth, devicePixelRatio);
  if (!part) return;
  const [x0, y0, x1, y1] = part, sharp = el("img", { class: "sharp", alt: "", draggable: "false", src: partUrl(id, part) });
  Object.assign(sharp.style, {
    left: `${(100 * x0) / width}%`, top: `${(100 * y0) / height}%`,
    width: `${(100 * (x1 - x0)) / width}%`, height: `${(100 * (y1 - y0)) / height}%`,
  });
  signal.addEventListener("abort", () => sharp.removeAttribute("src")); // ends the request of an image
  const isThere = await sharp.decode().then(() => true, () => false); // without it the copy is seen as before
  if (isThere && !signal.aborted && place.isConnected) on.image.append(sharp);
}
