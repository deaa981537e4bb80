// An item as an element: a picture, a text, or a card of fields. Text is only ever set as text.

import { mediaUrl, smallUrl } from "./api.js";
import { el } from "./dom.js";

/** @typedef {import("./types.js").Item} Item */

const LONG = 400; // characters; longer texts are set smaller
const TINY = 128; // pixels; smaller pictures are enlarged without smoothing

/** @param {string} text */
export function written(text) {
  return el("p", { class: text.length > LONG ? "text long" : "text", dir: "auto" }, text);
}

/** @param {Item} item */
export function fields(item) {
  const list = el("dl", { class: "fields" });
  for (const [name, value] of Object.entries(item.fields ?? {})) {
    list.append(el("dt", {}, name), el("dd", {}, value === "" ? "–" : value));
  }
  return list;
}

/** An item among many.
 * @param {Item} item @param {boolean} small whether a small copy of a picture is enough */
export function glimpse(item, small) {
  if (item.kind === "image") return still(item, small ? smallUrl(item.item_id) : mediaUrl(item.item_id));
  const text = item.text ?? Object.values(item.fields ?? {}).join(" · ");
  return el("p", { class: "glimpse", dir: "auto" }, text);
}

/** An item by itself.
 * @param {Item} item */
export function whole(item) {
  if (item.kind === "image") return still(item, mediaUrl(item.item_id));
  return item.kind === "text" ? written(item.text ?? "") : fields(item);
}

/** @param {Item} item @param {string} src */
function still(item, src) {
  const image = el("img", { src, alt: item.name, draggable: "false" });
  image.addEventListener("load", () => {
    image.classList.toggle("tiny", Math.max(image.naturalWidth, image.naturalHeight) <= TINY);
  });
  image.addEventListener("error", () => image.replaceWith(el("p", { class: "glimpse" }, `${item.name} cannot be shown.`)));
  return image;
}
