// The leases of this page: nobody else is asked what is on its screen or waits behind it. They are
// prolonged while somebody looks at the page, let go when it is closed, and run out by themselves.

import { api } from "./api.js";
import { freshKey } from "./session.js";

const PROLONG = 60_000; // ms; they last five minutes
const LEFT = "sparing-left";

/** Who holds the items of this page; another tab is another holder. */
export const HOLDER = freshKey();

/** Nothing is to be asked for before this: what the page before this one in the tab was about to get
 * when it was left came too late to be let go, and would be missing here for minutes. */
export const free = leftBefore();

async function leftBefore() {
  const before = sessionStorage.getItem(LEFT);
  if (before === null) return;
  sessionStorage.removeItem(LEFT);
  await api.leave(before).catch(() => {}); // then they run out
}

/**
 * @param {() => readonly string[]} shown the items on the screen, and behind it
 * @param {(asked: readonly string[], held: readonly string[]) => void} prolonged
 * @returns {() => Promise<void>} prolongs them now, or takes them where nobody has them
 */
export function keepLeases(shown, prolonged) {
  const prolong = async () => {
    const items = shown();
    if (document.hidden || !items.length) return;
    try {
      const { held } = await api.lease(HOLDER, items, []);
      prolonged(items, held);
    } catch {
      return; // out of reach: the page says so by itself
    }
  };
  setInterval(prolong, PROLONG);
  document.addEventListener("visibilitychange", prolong);
  window.addEventListener("pagehide", () => {
    sessionStorage.setItem(LEFT, HOLDER);
    api.leaveNow(HOLDER);
  });
  return prolong;
}

/** Let others have what the screen shows no more.
 * @param {readonly string[]} items */
export async function letGo(items) {
  if (items.length) await api.lease(HOLDER, [], items).catch(() => {}); // then they run out
}
