// Several labels an item: what is chosen on the screen before it is said. Pure.

/** @typedef {import("./types.js").State} State */
/** @typedef {import("./types.js").ClassRow} ClassRow */

/** Whether an item of this project may have several labels.
 * @param {{readonly server: {readonly status?: unknown, readonly kind: string} | null}} state */
export function isSeveral({ server }) {
  return server?.kind === "labels";
}

/** The labels of the item on the screen as they stand: what the person has chosen; else its answer;
 * else what the model suggests, where that is shown.
 * @param {State} state @returns {readonly string[]} */
export function picked(state) {
  return state.draft ?? state.item?.answer?.labels ?? (state.guesses ? state.item?.guess?.[2] : null) ?? [];
}

/** Whether labels stood there from the first, answered or suggested, if only none: what is left of
 * them is an answer too when it is empty. @param {State} state */
export function labelsOffered({ item, guesses }) {
  return Boolean(item?.answer?.labels ?? (guesses ? item?.guess?.[2] : null));
}

/** Labels that are less likely than not and worth a look, as far as they are not chosen.
 * @param {State} state @returns {readonly string[]} */
export function worthALook(state) {
  const perhaps = (state.guesses ? state.item?.guess?.[6] : null) ?? [];
  return perhaps.filter((name) => !picked(state).includes(name));
}

/** @param {State} state @param {string} name @returns {State} */
export function toggled(state, name) {
  const draft = switched(picked(state), name);
  const all = draft.length ? ` ${draft.join(", ")}.` : "";
  return { ...state, draft, said: `${name} ${draft.includes(name) ? "chosen" : "taken off"}.${all}`, notice: "" };
}

/** @param {readonly string[]} chosen @param {string} name */
export function switched(chosen, name) {
  return chosen.includes(name) ? chosen.filter((one) => one !== name) : [...chosen, name];
}

/** Names in the order of the classes.
 * @param {readonly ClassRow[]} classes @param {readonly string[]} names @returns {string[]} */
export function ordered(classes, names) {
  return classes.map((row) => row.name).filter((name) => names.includes(name));
}
