// What a person has set, for all pages of this browser.

const PLACE = "sparing-settings";

/** The settings with these names; those that nobody has set are as given.
 * @template {Record<string, boolean | number>} T @param {T} usual @returns {T} */
export function readSettings(usual) {
  const stored = all();
  const kept = Object.entries(usual).map(([name, value]) =>
    [name, typeof stored[name] === typeof value ? stored[name] : value]);
  return Object.fromEntries(kept);
}

/** Keep some settings; the others stay.
 * @param {Record<string, boolean | number>} some */
export function saveSettings(some) {
  localStorage.setItem(PLACE, JSON.stringify({ ...all(), ...some }));
}

/** @returns {Record<string, unknown>} */
function all() {
  try {
    return { ...JSON.parse(localStorage.getItem(PLACE) ?? "{}") };
  } catch {
    return {};
  }
}
