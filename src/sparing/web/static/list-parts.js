// A list on the page follows a list of objects: what is still there keeps its place on the page. Pure.

/** Take out and put in as few as can be, so that a list has the length of another and its parts stand at
 * their places; one that took the place of another is left for the caller to draw.
 * @template T @param {readonly T[]} before @param {readonly T[]} after
 * @param {(at: number) => void} remove @param {(at: number) => void} insert */
export function fit(before, after, remove, insert) {
  const least = Math.min(before.length, after.length);
  let same = 0;
  while (same < least && before[same] === after[same]) same += 1;
  let behind = 0;
  while (behind < least - same && before.at(-1 - behind) === after.at(-1 - behind)) behind += 1;
  const at = least - behind;
  for (let n = before.length; n > after.length; n--) remove(at);
  for (let n = before.length; n < after.length; n++) insert(at + n - before.length);
}
