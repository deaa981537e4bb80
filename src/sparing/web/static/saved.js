// The line that says whether all that was said is safe.

import { byId, number, plural, write } from "./dom.js";

/** @typedef {{readonly outbox: readonly unknown[], readonly refused: string, readonly online: boolean,
 *   readonly away: string, readonly fleeting: boolean, readonly late: boolean}} Told */

/** @param {Told} state */
export function savedLine(state) {
  const waits = state.outbox.length > 0;
  const unsaved = !state.online || (waits && state.refused !== "");
  const place = byId("saved");
  place.setAttribute("aria-busy", String(waits));
  place.classList.toggle("unsaved", unsaved);
  const line = told(state);
  if (line) write("saved", line);
}

/** An answer is saved so soon that a word on the way would only flicker; what takes long is said.
 * @param {Told} state */
export function told({ outbox, refused, online, away, fleeting, late }) {
  const n = outbox.length;
  const kept = fleeting ? "kept in this tab alone, so leave it open" : "kept in this browser";
  if (n && refused) return `${number(n)} unsaved: ${kept}, sent when you are let in again`;
  if (n && !online) return `${number(n)} unsaved: ${kept}, sent again until this project has them. ${away}`;
  if (!online) return away.replace(/\.$/, "");
  if (n && fleeting) return `Saving ${plural(n, "answer", "answers")}: leave this tab open`;
  if (late) return `Saving ${plural(n, "answer", "answers")}`;
  return n === 0 ? "All answers saved" : "";
}
