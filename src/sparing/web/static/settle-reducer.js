// The items on which people differ, one after the other. Pure: whoever dispatches an action that
// says something brings the key of its event along.

import { boxed, boxesOf, classed, counted, isBoxes, plainBoxes, steppedBack, UNTOUCHED } from "./boxes.js";
import { ordered, switched } from "./labels.js";
import { initial as undrawn, NONE } from "./reducer.js";
import { begun, compared as comparedBoxes, decided as decidedBoxes } from "./settle-boxes.js";
import { compared, decided } from "./settle-spans.js";
import { plain } from "./spans.js";
import { delivered, initialShared, reduceShared, timed } from "./shared.js";

/** @typedef {import("./types.js").Disagreement} Disagreement */
/** @typedef {import("./types.js").PersonEvent} PersonEvent */
/** @typedef {import("./types.js").SettleState} SettleState */
/** @typedef {import("./types.js").SettleAction} SettleAction */
/** @typedef {import("./types.js").Timed} Timed */

const NOTHING_CHOSEN = { draft: null, picked: [], drawing: null };

/** @returns {SettleState} */
export function initial() {
  return {
    ...initialShared, rows: [], gone: "", listed: false, steps: [], ...NOTHING_CHOSEN,
  };
}

/** @param {SettleState} state @param {SettleAction} action @returns {SettleState} */
export function reduce(state, action) {
  switch (action.type) {
    case "listed": return listed(state, action.rows);
    case "settle": return settled(state, { class_name: action.name }, action.name, action);
    case "settleLabels": return chosen(state, action.labels, action);
    case "toggle": return { ...state, draft: switched(state.draft ?? [], action.name), said: `${action.name}.`, notice: "" };
    case "pick": return pickedOne(state, action.choice, action);
    case "settleUnits": return state.drawing ? drawn(state, action) : suggested(state, action);
    case "draw": return drawing(state);
    case "undraw": return { ...state, drawing: null, said: "What people have drawn.", notice: "" };
    case "box": return drawnOn(state, state.drawing && boxed(state.drawing, action.step));
    case "classed": return drawnOn(state, state.drawing && classed(state.drawing, action.name));
    case "later": return later(state);
    case "undo": return undone(state, action.key);
    case "recorded": return recorded(state, action.results);
    default: return reduceShared(state, action);
  }
}

/** Whether a row is answered here, and only the server does not know it yet.
 * @param {SettleState} state @param {Disagreement} row */
function isSent({ outbox }, row) {
  return outbox.some((event) => event.kind === "settled" && event.item_id === row.asked.item.item_id);
}

/** One that somebody else has settled does not come back.
 * @param {SettleState} state @returns {SettleState} */
function later(state) {
  const [row, ...rows] = state.rows;
  const back = row && row.asked.item.item_id !== state.gone ? [row] : [];
  return { ...state, rows: [...rows, ...back], ...NOTHING_CHOSEN, gone: "", notice: "" };
}

/** The item on the screen stays there until the person goes on: a key that is on its way must not
 * settle another one.
 * @param {SettleState} state @param {readonly Disagreement[]} rows @returns {SettleState} */
function listed(state, rows) {
  const order = new Map(state.rows.map((row, place) => [row.asked.item.item_id, place]));
  const place = (/** @type {Disagreement} */ row) => order.get(row.asked.item.item_id) ?? Infinity;
  const fresh = rows.filter((row) => !isSent(state, row));
  const shown = fresh.map((row, i) => ({ row, i })).sort((a, b) => place(a.row) - place(b.row) || a.i - b.i);
  const on = state.rows[0];
  const left = on && !fresh.some((row) => row.asked.item.item_id === on.asked.item.item_id) ? [on] : [];
  const gone = left[0]?.asked.item.item_id ?? "";
  const notice = gone ? "Somebody else has just settled this item. Space goes on." : state.notice;
  return { ...state, rows: [...left, ...shown.map(({ row }) => row)], gone, listed: true, notice, online: true };
}

/** @param {SettleState} state @param {readonly string[]} labels @param {Timed} how @returns {SettleState} */
function chosen(state, labels, how) {
  const names = ordered(state.server?.classes ?? [], labels);
  return settled(state, { labels: names }, names.join(", ") || NONE, how);
}

/** Choose a version of the stretch in question; the last one settles the text.
 * @param {SettleState} state @param {number} choice @param {Timed} how @returns {SettleState} */
function pickedOne(state, choice, how) {
  const row = state.rows[0], open = row ? inQuestion(state, row) : [];
  if (!row || !open[state.picked.length]?.[choice]) return state;
  const picked = [...state.picked, choice];
  if (picked.length < open.length) return { ...state, picked, said: `${open.length - picked.length} left.`, notice: "" };
  if (isBoxes(state)) return settledBoxes(state, decidedBoxes(row, picked), how);
  const spans = decided(row, picked);
  return settled(state, { spans }, `${spans.length} marked`, how);
}

/** The places where people differ. @param {SettleState} state @param {Disagreement} row @returns {readonly (readonly object[])[]} */
function inQuestion(state, row) {
  return isBoxes(state) ? comparedBoxes(row).places : compared(row).stretches;
}

/** Take what consensus makes likeliest of the whole text or picture.
 * @param {SettleState} state @param {Timed} how @returns {SettleState} */
function suggested(state, how) {
  const suggestion = state.rows[0]?.suggestion;
  if (isBoxes(state)) return settledBoxes(state, plainBoxes(suggestion?.[5] ?? []), how);
  const spans = plain(suggestion?.[3] ?? []);
  return settled(state, { spans }, `${spans.length} marked`, how);
}

/** @param {SettleState} state @param {ReturnType<typeof plainBoxes>} boxes @param {Timed} how */
function settledBoxes(state, boxes, how) {
  return settled(state, { boxes }, counted(boxes), how);
}

/** Draw it rather than choose, from what was decided on. @param {SettleState} state @returns {SettleState} */
function drawing(state) {
  const row = state.rows[0], { server } = state;
  if (!row || !isBoxes(state)) return state;
  const boxing = { ...UNTOUCHED, boxes: begun(row, state.picked) };
  return { ...state, drawing: { ...undrawn(), server, item: row.asked, boxing }, said: "Draw what holds; Enter settles.", notice: "" };
}

/** @param {SettleState} state @param {import("./types.js").State | null} next @returns {SettleState} */
function drawnOn(state, next) {
  return next ? { ...state, drawing: next, said: next.said, notice: next.notice } : state;
}

/** What was drawn holds. @param {SettleState} state @param {Timed} how @returns {SettleState} */
function drawn(state, how) {
  if (!state.drawing) return state;
  if (state.drawing.boxing.points.length) return { ...state, notice: "A box is begun: finish it, or drop it with Escape." };
  return settledBoxes(state, plainBoxes(boxesOf(state.drawing)), how);
}

/** @param {SettleState} state @param {Pick<PersonEvent, "class_name" | "labels" | "spans" | "boxes">} what @param {string} name
 * @param {Timed} how @returns {SettleState} */
function settled(state, what, name, how) {
  const [row, ...rows] = state.rows;
  if (!row || !name) return state;
  /** @type {PersonEvent} */
  const event = {
    key: how.key, kind: "settled", item_id: row.asked.item.item_id, ...what, seen: row.asked.answer?.key ?? null, ...timed(how),
  };
  return {
    ...state, rows, gone: "", ...NOTHING_CHOSEN, outbox: [...state.outbox, event], steps: [...state.steps, { key: how.key, row }],
    said: `Settled: ${name}.`, notice: "",
  };
}

/** @param {SettleState} state @param {string} key @returns {SettleState} */
function undone(state, key) {
  if (state.drawing) {
    const back = steppedBack(state.drawing);
    return back ? drawnOn(state, back) : { ...state, drawing: null, said: "What people have drawn.", notice: "" };
  }
  if (state.picked.length) return { ...state, picked: state.picked.slice(0, -1), said: "Taken back.", notice: "" };
  const step = state.steps.at(-1);
  if (!step) return { ...state, notice: "There is nothing to take back here." };
  return {
    ...state, rows: [step.row, ...state.rows], ...NOTHING_CHOSEN, steps: state.steps.slice(0, -1), said: "Taken back.", notice: "",
    outbox: [...state.outbox, { key, kind: "undo", undoes: step.key }],
  };
}

/** @param {SettleState} state @param {readonly import("./types.js").Recorded[]} results @returns {SettleState} */
function recorded(state, results) {
  const lost = results.find((result) => result.status === "conflict");
  const refused = results.find((result) => result.status === "refused");
  const other = lost?.current;
  const notice = lost
    ? `${other?.annotator || "Somebody else"} has settled it meanwhile: ${other?.boxes ? counted(other.boxes) : other?.class_name ?? "skipped"}.`
    : refused?.message ?? state.notice;
  const failed = new Set(results.filter((one) => ["conflict", "refused"].includes(one.status)).map((one) => one.key));
  return {
    ...delivered(state, results), notice,
    steps: state.steps.filter((step) => !failed.has(step.key)),
  };
}
