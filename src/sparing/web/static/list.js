// A list of items that one page hands to another, by their rows, kept as long as the tab is open.

const PLACE = "sparing-list";
export const LONGEST = 50_000;

/** @typedef {{rows: readonly number[], answered: boolean}} List ``answered``: items that have an
 *   answer are shown too */

/** @param {List} list */
export function keepList(list) {
  sessionStorage.setItem(PLACE, JSON.stringify({ ...list, rows: list.rows.slice(0, LONGEST) }));
}

export function forgetList() {
  sessionStorage.removeItem(PLACE);
}

const isRow = (/** @type {unknown} */ row) => Number.isInteger(row) && Number(row) >= 0;

/** @returns {List | null} */
export function keptList() {
  try {
    const list = JSON.parse(sessionStorage.getItem(PLACE) ?? "null");
    return Array.isArray(list?.rows) && list.rows.every(isRow) ? { rows: list.rows, answered: list.answered === true } : null;
  } catch {
    return null;
  }
}
