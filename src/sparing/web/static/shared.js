// What every page knows of its server and of its answers, and how the news of session.js change it. Pure.

/** @typedef {import("./types.js").SharedState} SharedState */
/** @typedef {import("./types.js").SharedAction} SharedAction */

/** @type {SharedState} */
export const initialShared = {
  server: null, refused: "", outbox: [], online: true, away: "", fleeting: false, late: false, said: "", notice: "",
};

/** @template {SharedState} S @param {S} state @param {SharedAction} action @returns {S} */
export function reduceShared(state, action) {
  switch (action.type) {
    case "opened": return { ...state, outbox: [...action.events, ...state.outbox] };
    case "refused": return { ...state, refused: action.message };
    case "state": return { ...state, server: action.server, online: true };
    case "recorded": return recorded(state, action.results);
    case "unsent": return { ...state, online: false, away: action.away };
    case "fleeting": return { ...state, fleeting: true };
    case "late": return { ...state, late: state.outbox.length > 0 };
    case "notice": return { ...state, notice: action.message, said: action.message };
  }
}

/** @template {SharedState} S @param {S} state @param {readonly import("./types.js").Recorded[]} results @returns {S} */
function recorded(state, results) {
  const done = new Set(results.map((result) => result.key));
  const outbox = state.outbox.filter((event) => !done.has(event.key));
  return { ...state, outbox, online: true, late: state.late && outbox.length > 0 };
}
