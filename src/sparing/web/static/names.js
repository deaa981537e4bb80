// Which names of classes are one name, written in another way; the server decides in the same way.

const UNSEEN = /[\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]/g;
const OF_ONE_KEY = /[\u200c\u200d\ufe00-\ufe0f]/g; // joiners, and the choice between text and emoji

/** What is the same for all ways to write one name. Case tells only names of one character apart.
 * @param {string} name */
export function nameKey(name) {
  const bare = name.normalize("NFC").replace(UNSEEN, "").replace(OF_ONE_KEY, "").trim().replace(/\s+/g, " ");
  const whole = /^(-?\d+)\.0+$/.exec(bare)?.[1];
  if (whole) return whole;
  return [...bare].length === 1 ? bare : bare.toLowerCase();
}

/** The one of some names that a name stands for; undefined if there is none.
 * @param {string} name @param {readonly string[]} names */
export function knownAs(name, names) {
  return names.includes(name) ? name : names.find((one) => nameKey(one) === nameKey(name));
}
