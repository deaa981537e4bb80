// The few things that the modules do with the document. Text is only ever set as text.

/** @template {keyof HTMLElementTagNameMap} K
 * @param {K} name @param {Record<string, string | number | boolean>} [attributes]
 * @param {...(Node | string)} children @returns {HTMLElementTagNameMap[K]} */
export function el(name, attributes = {}, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (typeof value === "boolean") node.toggleAttribute(key, value);
    else node.setAttribute(key, String(value));
  }
  node.append(...children);
  return node;
}

/** @param {string} id @returns {HTMLElement} */
export function byId(id) {
  const node = document.getElementById(id);
  if (!node) throw new Error(`The page has no #${id}.`);
  return node;
}

/** @param {string} id @returns {HTMLInputElement} */
export function input(id) {
  return /** @type {HTMLInputElement} */ (byId(id));
}

/** Set a text only where it changes, so that screen readers hear it once.
 * @param {string} id @param {string} text */
export function write(id, text) {
  const node = byId(id);
  if (node.textContent !== text) node.textContent = text;
}

/** @param {string} id @param {boolean} shown */
export function show(id, shown) {
  const node = byId(id);
  if (!shown) release(node);
  node.hidden = !shown;
}

/** Take the keys from a part of the page that goes: what has the focus keeps it until the browser paints
 * again, and a key pressed before that would be lost.
 * @param {HTMLElement} part */
export function release(part) {
  const on = document.activeElement;
  if (!(on instanceof HTMLElement) || !part.contains(on)) return;
  on.blur();
  document.getElementById("stage")?.focus({ preventScroll: true });
}

/** @param {string} label @param {() => void} act @param {string} [kind] */
export function button(label, act, kind = "") {
  const node = el("button", { type: "button", class: kind }, label);
  node.addEventListener("click", act);
  return node;
}

/** @param {number} count */
export function number(count) {
  return count.toLocaleString("en-US");
}

/** @param {number} count @param {string} one @param {string} many */
export function plural(count, one, many) {
  return `${number(count)} ${count === 1 ? one : many}`;
}

/** A text with a capital at its beginning and a full stop at its end.
 * @param {string} text */
export function sentence(text) {
  const begun = text.charAt(0).toUpperCase() + text.slice(1);
  return begun === "" || /[.!?]$/.test(begun) ? begun : `${begun}.`;
}
