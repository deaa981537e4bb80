// Pictures are decoded before they are needed: an answer only swaps one element for another.

import { mediaUrl } from "./api.js";
import { el } from "./dom.js";

/** @typedef {import("./types.js").Item} Item */

const KEPT = 16;
const TINY = 128; // pixels; smaller pictures are enlarged without smoothing

/** @type {Map<string, HTMLImageElement>} */
const ready = new Map();

/** @param {readonly Item[]} items */
export function preload(items) {
  for (const item of items) if (item.kind === "image") picture(item);
  for (const id of [...ready.keys()].slice(0, -KEPT)) ready.delete(id);
}

/** @param {Item} item @returns {HTMLImageElement} */
function picture(item) {
  const old = ready.get(item.item_id);
  if (old) return old;
  const image = el("img", { alt: item.name, draggable: "false" });
  image.addEventListener("load", () => {
    image.classList.toggle("tiny", Math.max(image.naturalWidth, image.naturalHeight) <= TINY);
  });
  image.src = mediaUrl(item.item_id);
  image.decode().catch(() => {}); // shown as a sentence when its turn comes
  ready.set(item.item_id, image);
  return image;
}

/** The element that shows a picture, or says why it cannot be shown.
 * @param {Item} item @param {string} [skip] the key that skips @returns {HTMLElement} */
export function framed(item, skip = "Space") {
  const image = picture(item);
  const frame = el("div", { class: "frame" }, image);
  const explain = async () => {
    ready.delete(item.item_id);
    const said = await reason(item);
    frame.replaceChildren(el("p", { class: "unshown" }, `${said} ${skip} skips it.`));
  };
  if (image.complete && !image.naturalWidth) explain();
  else image.addEventListener("error", explain, { once: true });
  return frame;
}

/** @param {Item} item */
async function reason(item) {
  try {
    const response = await fetch(mediaUrl(item.item_id));
    return (await response.json()).error.message;
  } catch {
    return "This picture cannot be shown.";
  }
}
