// The line that says whether all that was said is safe.

import { byId, number, plural, write } from "./dom.js";

/** An answer is saved so soon that a word on the way would only flicker; what takes long is said.
 * @param {{readonly outbox: readonly unknown[], readonly online: boolean, readonly late: boolean}} state */
export function savedLine({ outbox, online, late }) {
  const n = outbox.length;
  const place = byId("saved");
  place.setAttribute("aria-busy", String(n > 0));
  place.classList.toggle("unsaved", !online);
  if (!online && n) write("saved", `${number(n)} unsaved: kept in this browser, sent again when sparing answers`);
  else if (!online) write("saved", "sparing cannot be reached");
  else if (late) write("saved", `Saving ${plural(n, "answer", "answers")}`);
  else if (n === 0) write("saved", "All answers saved");
}
