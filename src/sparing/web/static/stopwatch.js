// How long an item has been on the screen, as long as the page itself could be seen.

const DAY = 86400;

/** The watch of this page. */
export function pageWatch() {
  const watch = stopwatch(() => performance.now(), () => document.hidden);
  document.addEventListener("visibilitychange", watch.turned);
  return watch;
}

/** @param {() => number} now in ms
 * @param {() => boolean} hidden whether nobody can see the page */
export function stopwatch(now, hidden) {
  /** @type {unknown} */
  let on = null;
  let since = now(), before = 0;
  const running = () => (hidden() ? 0 : now() - since);
  return {
    /** Another item may be on the screen now. @param {unknown} item */
    see: (item) => {
      if (item !== on) [on, since, before] = [item, now(), 0];
    },
    /** The page was hidden just now, or can be seen again. */
    turned: () => {
      if (hidden()) before += now() - since;
      since = now();
    },
    /** Seconds, to a tenth; a day at most. */
    seconds: () => Math.min(Math.round((before + running()) / 100) / 10, DAY),
  };
}
