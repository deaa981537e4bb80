// What every page knows of its server and of its answers, and how the news of session.js change it. Pure.

/** @typedef {import("./types.js").SharedState} SharedState */
/** @typedef {import("./types.js").SharedAction} SharedAction */
/** @typedef {import("./types.js").PersonEvent} PersonEvent */
/** @typedef {import("./types.js").Timed} Timed */

/** @type {SharedState} */
export const initialShared = {
  server: null, refused: "", outbox: [], online: true, away: "", fleeting: false, late: false, said: "", notice: "",
};

/** @template {SharedState} S @param {S} state @param {SharedAction} action @returns {S} */
export function reduceShared(state, action) {
  switch (action.type) {
    case "opened": return { ...state, outbox: merged(action.events, state.outbox) };
    case "refused": return { ...state, refused: action.message };
    case "state": return { ...state, server: action.server, online: true };
    case "recorded": return delivered(state, action.results);
    case "unsent": return { ...state, online: false, away: action.away };
    case "fleeting": return { ...state, fleeting: true };
    case "late": return { ...state, late: state.outbox.length > 0 };
    case "notice": return { ...state, notice: action.message, said: action.message };
  }
}

/** How long it took, where the page has measured it. @param {Pick<Timed, "seconds">} action */
export const timed = ({ seconds }) => (seconds === undefined ? {} : { seconds });

/** Events that were sent leave the outbox, whatever became of them.
 * @template {SharedState} S @param {S} state @param {readonly import("./types.js").Recorded[]} results @returns {S} */
export function delivered(state, results) {
  const done = new Set(results.map((result) => result.key));
  const outbox = state.outbox.filter((event) => !done.has(event.key));
  return { ...state, outbox, online: true, late: state.late && outbox.length > 0 };
}

/** @param {readonly PersonEvent[]} first @param {readonly PersonEvent[]} rest */
function merged(first, rest) {
  const keys = new Set(first.map((event) => event.key));
  return [...first, ...rest.filter((event) => !keys.has(event.key))];
}
