// The whole state of the page, and how each action changes it. Pure: no clock, no random keys,
// no network, no DOM; whoever dispatches an action brings the key of its event along.

import { alike } from "./alike.js";
import { boxed, boxesOf, classed, isBoxes, plainBoxes, sameBoxes, steppedBack, suggestedBoxes, UNTOUCHED as NO_BOXES } from "./boxes.js";
import { isSeveral, labelsOffered, ordered, picked, toggled } from "./labels.js";
import { knownAs } from "./names.js";
import { delivered, initialShared, reduceShared, timed } from "./shared.js";
import { edged, isSpans, marked, markedAlike, plain, same, selected, spansOf, spansOffered, stepped, suggestedIn, unmarked } from "./spans.js";

/** @typedef {import("./types.js").State} State */
/** @typedef {import("./types.js").Timed} Timed */
/** @typedef {import("./types.js").Server} Server */
/** @typedef {import("./types.js").Action} Action */
/** @typedef {import("./types.js").Asked} Asked */
/** @typedef {import("./types.js").Step} Step */
/** @typedef {import("./types.js").PersonEvent} PersonEvent */
/** @typedef {{kind: string, class_name?: string | null, labels?: readonly string[] | null,
 *   spans?: readonly {label: string}[] | null, boxes?: readonly {label: string}[] | null} | null} Said */

export const NONE = "none of these";
/** Nothing is chosen yet for the item on the screen. */
const UNTOUCHED = { draft: null, spans: null, chosen: null, boxing: NO_BOXES };

/** @returns {State} */
export function initial(settings = { guesses: false, singleKeys: true }) {
  return {
    ...initialShared, list: null, item: null, queue: [], exhausted: false, elsewhere: 0, handing: false, beginning: false,
    steps: [], ...UNTOUCHED, boxLabel: null, boxMode: "two", conflicts: [], seq: 0, panel: null, mode: null, zoom: false,
    guesses: settings.guesses, singleKeys: settings.singleKeys,
  };
}

/**
 * @param {State} state
 * @param {Action} action
 * @returns {State}
 */
export function reduce(state, action) {
  switch (action.type) {
    case "state": return learned(state, action.server);
    case "beginning": return { ...state, beginning: action.on };
    case "phase": return begun(state, action.server);
    case "handing": return { ...state, handing: true, exhausted: false };
    case "asked": return asked(state, action.phase, action.items, action.n_elsewhere ?? 0);
    case "leased": return leased(state, action.asked, action.held);
    case "listed": return listed(state, action.rows, action.items);
    case "leave": return { ...state, list: null, queue: [], exhausted: false, said: state.item ? "The list is left." : "The list is done." };
    case "label": return labeled(state, action);
    case "done": return done(state, action);
    case "alike": return markedAlike(state, action.name);
    case "step": return stepped(state, action.by, action.extend);
    case "select": return selected(state, action);
    case "choose": return selected(state, { ...action, exact: true });
    case "edge": return edged(state, action.side, action.by);
    case "unmark": return unmarked(state);
    case "box": return boxed(state, action.step);
    case "skip": return answered(state, { key: action.key, kind: "skip", ...timed(action) }, "Skipped.");
    case "flag": return flagged(state, action.key);
    case "comment": return commented(state, action.key, action.text);
    case "undo": return undone(state, action.key);
    case "addClass": return added(state, action.key, action.name);
    case "renameClass": return renamed(state, action.key, action.name, action.to);
    case "mergeClass": return joined(state, action.key, action.name, action.into);
    case "deleteClass": return deleted(state, action.key, action.name);
    case "open": return shown({ ...state, panel: null }, action.asked);
    case "recorded": return recorded(state, action.results);
    case "settle": return settled(state, action.index, action.key);
    case "panel": return { ...state, panel: action.panel, mode: null, notice: "" };
    case "mode": return { ...state, mode: state.item ? action.mode : null };
    case "zoom": return { ...state, zoom: !state.zoom && state.item !== null };
    case "setting": return set(state, action.name, action.value);
    default: return reduceShared(state, action);
  }
}

/** Whether items are asked now.
 * @param {State} state */
export function isAsking({ server, handing }) {
  const phase = server?.phase ?? "";
  return ["label", "audit", "hand-back"].includes(phase) || (phase === "certified" && handing);
}

/** Phases between which the answers themselves lead: an item on the way stays what it was.
 * @param {string} phase */
function part(phase) {
  return ["certified", "hand-back", "done"].includes(phase) ? "after" : phase;
}

/** What is on the screen, or waits behind it.
 * @param {State} state */
export function onScreen(state) {
  return [state.item, ...state.queue].flatMap((a) => (a ? [a.item.item_id] : []));
}

/** What the next fetch has to leave out: that, and what was just answered.
 * @param {State} state */
export function known(state) {
  return [...new Set([...onScreen(state), ...state.outbox.flatMap((e) => e.item_id ?? [])])];
}

/** Classes of the project, and always "none of these".
 * @param {State} state */
export function classNames(state) {
  return (state.server?.classes ?? []).map((row) => row.name);
}

/** Whether whoever is here may name a new class.
 * @param {State} state */
export function mayAdd({ server }) {
  return server?.role === "owner" || (server?.may_add_classes ?? true);
}

/** News from the server. What this window has not sent yet stays counted.
 * @param {State} state @param {Server} server @returns {State} */
function learned(state, server) {
  const before = state.server;
  if (!before) return { ...state, server, online: true };
  // News that were overtaken; or that tell of the phase that is being begun here, as of another's.
  if (server.seq < before.seq || state.beginning) return { ...state, online: true };
  const moved = part(server.phase) !== part(before.phase);
  const behind = state.outbox.length > 0 || server.seq < state.seq;
  const next = { ...state, server: behind && !moved ? counted(server, before) : server, online: true };
  if (moved) return { ...next, queue: [], steps: [], exhausted: false, notice: MOVED[server.phase] ?? "" };
  const fresh = server.seq > before.seq || server.phase !== before.phase || server.model_version !== before.model_version;
  return fresh || state.elsewhere ? { ...next, exhausted: false } : next;
}

/** @type {Record<string, string>} */
const MOVED = { audit: "A check has begun in another window.", label: "Labeling goes on." };

/** @param {Server} server @param {Server} before @returns {Server} */
function counted(server, before) {
  const { n_labeled, n_skipped, n_flagged, n_left, n_remainder_left, audit, classes } = before;
  return { ...server, n_labeled, n_skipped, n_flagged, n_left, n_remainder_left, audit, classes };
}

/** A phase that the person has begun here: the screen is cleared for it.
 * @param {State} state @param {Server} server @returns {State} */
function begun(state, server) {
  return {
    ...state, server, item: null, ...UNTOUCHED, queue: [], steps: [], exhausted: false, handing: false,
    beginning: false, panel: null, mode: null, zoom: false, notice: "",
  };
}

/** New items go behind those that wait; the one on screen stays.
 * @param {State} state @param {string} phase @param {readonly Asked[]} items @param {number} elsewhere
 * @returns {State} */
function asked(state, phase, items, elsewhere) {
  if (part(phase) !== part(state.server?.phase ?? "")) return state;
  const old = new Set(known(state));
  const fresh = items.filter((one) => !old.has(one.item.item_id));
  const queue = [...state.queue, ...fresh];
  const next = { ...state, queue, exhausted: fresh.length === 0, elsewhere: fresh.length ? 0 : elsewhere, online: true };
  return state.item ? next : advanced(next);
}

/** The next items of a list, in its order; those answered meanwhile only where they are wanted too,
 * and those that others are asked now not at all.
 * @param {State} state @param {readonly number[]} rows @param {readonly Asked[]} items @returns {State} */
function listed(state, rows, items) {
  if (!state.list) return state;
  const taken = new Set(rows);
  const list = { ...state.list, rows: state.list.rows.filter((row) => !taken.has(row)) };
  const old = new Set(known(state));
  const fresh = items.filter((one) => !old.has(one.item.item_id) && (list.answered || !one.answer));
  const n_elsewhere = rows.length - items.length;
  const notice = n_elsewhere ? `Left out of your list, as others are asked them now: ${n_elsewhere}.` : state.notice;
  const next = { ...state, list, queue: [...state.queue, ...fresh], online: true, notice };
  return state.item ? next : advanced(next);
}

/** Items whose lease ran out and went to somebody else wait here no longer; the screen stays.
 * @param {State} state @param {readonly string[]} asked @param {readonly string[]} held @returns {State} */
function leased(state, asked, held) {
  const lost = new Set(asked.filter((id) => !held.includes(id)));
  return { ...state, queue: state.queue.filter((one) => !lost.has(one.item.item_id)), online: true };
}

/** @param {State} state @param {"guesses" | "singleKeys"} name @param {boolean} value @returns {State} */
function set(state, name, value) {
  const next = { ...state, [name]: value };
  // What waits came without guesses, or with them: it is asked for again. The screen stays.
  return name === "guesses" ? { ...next, queue: [], exhausted: false } : next;
}

/** @param {State} state @returns {State} */
function advanced(state) {
  const [item = null, ...queue] = state.queue;
  return { ...state, item, queue, ...UNTOUCHED, mode: null, zoom: false };
}

/** Put an item on the screen at the person's wish; the one that was there comes next.
 * @param {State} state @param {Asked} wanted @returns {State} */
function shown(state, wanted) {
  const id = wanted.item.item_id;
  const rest = (state.item ? [state.item, ...state.queue] : [...state.queue])
    .filter((one) => one.item.item_id !== id);
  return { ...state, item: wanted, queue: rest, ...UNTOUCHED, mode: null, zoom: false, notice: "" };
}

/** @param {State} state @param {Extract<Action, {type: "label"}>} action @returns {State} */
function labeled(state, action) {
  const known = knownAs(action.name, classNames(state));
  const isNew = known === undefined, name = known ?? action.name;
  if (!state.item || (isNew && !action.addKey)) return state;
  if (isNew && !mayAdd(state)) return { ...state, notice: "New classes are for an owner of the project to add." };
  const ready = isNew ? added(state, String(action.addKey), name) : state;
  if (isBoxes(state)) return name === NONE ? finishedBoxes(state, [], action) : { ...classed(ready, name), mode: null };
  if (isSpans(state)) return name === NONE ? finishedSpans(state, [], action) : { ...marked(ready, name), mode: null };
  if (isSeveral(state)) return name === NONE ? finished(state, [], action) : { ...toggled(ready, name), mode: null };
  const event = {
    key: action.key, kind: /** @type {const} */ ("label"), class_name: name,
    ...(action.confirmed ? { confirmed: true } : {}), ...timed(action),
  };
  const next = answered(ready, event, `Labeled ${name}.`);
  return isNew ? { ...next, notice: ready.notice } : next;
}

/** All labels of the item are chosen: on to the next.
 * @param {State} state @param {Timed} action @returns {State} */
function done(state, action) {
  if (isBoxes(state)) return state.item ? finishedBoxes(state, boxesOf(state), action) : state;
  if (isSpans(state)) {
    if (state.item && (spansOf(state).length || spansOffered(state))) return finishedSpans(state, spansOf(state), action);
    return state.item ? { ...state, notice: "Mark something first; the last key stands for nothing to mark." } : state;
  }
  const labels = picked(state);
  if (state.item && (labels.length || labelsOffered(state))) return finished(state, labels, action);
  return state.item ? { ...state, notice: "Choose labels first; the last key stands for none of these." } : state;
}

/** @param {State} state @param {readonly string[]} chosen @param {Timed} action @returns {State} */
function finished(state, chosen, action) {
  const labels = ordered(state.server?.classes ?? [], chosen);
  const guess = state.guesses ? state.item?.guess?.[2] : null;
  const confirmed = guess && JSON.stringify(guess) === JSON.stringify(labels);
  const event = {
    key: action.key, kind: /** @type {const} */ ("label"), labels, ...(confirmed ? { confirmed: true } : {}), ...timed(action),
  };
  return answered(state, event, `Labeled ${labels.join(", ") || NONE}.`);
}

/** All spans of the item are marked. @param {State} state @param {readonly import("./types.js").Span[]} spans
 * @param {Timed} action @returns {State} */
function finishedSpans(state, spans, action) {
  const suggested = suggestedIn(state);
  const confirmed = suggested && same(suggested, spans);
  const event = {
    key: action.key, kind: /** @type {const} */ ("label"), spans: plain(spans), ...(confirmed ? { confirmed: true } : {}),
    ...timed(action),
  };
  return answered(state, event, `${spans.length || "Nothing"} marked.`);
}

/** All boxes of the picture are drawn; none at all says that no object is there. @param {State} state
 * @param {readonly import("./types.js").Box[]} all @param {Timed} action @returns {State} */
function finishedBoxes(state, all, action) {
  const { points } = state.boxing, suggested = suggestedBoxes(state);
  if (points.length) return { ...state, notice: "A box is begun: finish it, or drop it with Escape." };
  const confirmed = suggested && sameBoxes(suggested, all);
  const event = {
    key: action.key, kind: /** @type {const} */ ("label"), boxes: plainBoxes(all),
    ...(confirmed ? { confirmed: true } : {}), ...timed(action),
  };
  return answered(state, event, all.length ? `${all.length} ${all.length === 1 ? "box" : "boxes"}.` : "No object.");
}

/** @param {State} state @param {PersonEvent} what @param {string} said @returns {State} */
function answered(state, what, said) {
  const on = state.item;
  if (!on || !state.server) return state;
  const event = {
    ...what, item_id: on.item.item_id, model_version: on.model_version, asked_for: on.purpose,
    seen: on.answer?.key ?? null,
  };
  return advanced({
    ...pushed(state, event, on), server: on.second ? state.server : moved(state.server, on.answer, event), said, notice: "",
  });
}

/** @param {State} state @param {PersonEvent} event @param {Asked | null} on @returns {State} */
function pushed(state, event, on) {
  return { ...state, outbox: [...state.outbox, event], steps: [...state.steps, { event, asked: on, boxing: state.boxing }] };
}

/** Count one item out of what was said of it before, and into what is said now.
 * @param {Server} server @param {Said} from @param {Said} to @returns {Server} */
function moved(server, from, to) {
  const labels = Number(to?.kind === "label") - Number(from?.kind === "label");
  const skips = Number(to?.kind === "skip") - Number(from?.kind === "skip");
  const left = Number(to === null) - Number(from === null);
  const count = (/** @type {string} */ name) => Number(names(to, name)) - Number(names(from, name));
  return {
    ...server,
    n_labeled: server.n_labeled + labels,
    n_skipped: server.n_skipped + skips,
    n_left: server.n_left + left,
    n_remainder_left: server.n_remainder_left + (part(server.phase) === "after" ? left : 0),
    audit: server.audit && server.phase === "audit"
      ? { ...server.audit, n_answered: server.audit.n_answered - left } : server.audit,
    classes: server.classes.map((row) => ({ ...row, count: row.count + count(row.name) })),
  };
}

/** @param {Said} said @param {string} name */
function names(said, name) {
  const units = said?.spans ?? said?.boxes;
  if (units) return units.filter((one) => one.label === name).length;
  return said?.labels ? said.labels.includes(name) : said?.class_name === name;
}

/** @param {State} state @param {string} key @returns {State} */
function flagged(state, key) {
  const on = state.item;
  if (!on) return state;
  const kind = on.flagged ? "unflag" : "flag";
  const next = pushed(state, { key, kind, item_id: on.item.item_id }, on);
  const said = on.flagged ? "Flag taken off." : "Flagged.";
  return { ...next, item: { ...on, flagged: !on.flagged }, said };
}

/** @param {State} state @param {string} key @param {string} text @returns {State} */
function commented(state, key, text) {
  const on = state.item;
  if (!on || text === on.comment) return { ...state, mode: null };
  const next = pushed(state, { key, kind: "comment", item_id: on.item.item_id, text }, on);
  return { ...next, item: { ...on, comment: text }, mode: null, said: "Comment kept." };
}

/** Take the last step back; with none left here, the server knows the one before.
 * @param {State} state @param {string} key @returns {State} */
function undone(state, key) {
  const step = state.steps.at(-1), inside = isBoxes(state) ? steppedBack(state) : null;
  if (inside) return inside;
  if (!step && !isUndoable(state)) return { ...state, notice: "There is nothing to take back here." };
  const event = /** @type {PersonEvent} */ ({ key, kind: "undo", undoes: step?.event.key ?? null });
  const next = { ...state, outbox: [...state.outbox, event], notice: "", exhausted: false };
  if (!step || !state.server) return next;
  const back = { ...next, steps: state.steps.slice(0, -1), said: "Taken back." };
  if (!step.asked) return back;
  if (step.event.kind === "label" || step.event.kind === "skip") {
    const server = step.asked.second ? state.server : moved(state.server, meant(step.event), step.asked.answer);
    return {
      ...shown({ ...back, server }, step.asked), draft: step.event.labels ?? null, spans: again(step.event),
      boxing: step.boxing ?? NO_BOXES,
    };
  }
  const { flagged, comment } = step.asked;
  const noted = (/** @type {Asked} */ one) =>
    one.item.item_id === step.asked?.item.item_id ? { ...one, flagged, comment } : one;
  return { ...back, item: back.item && noted(back.item), queue: back.queue.map(noted) };
}

/** Whether what the server has stored last belongs to this phase: another one stays as it is.
 * @param {State} state */
function isUndoable({ server }) {
  if (server?.phase === "audit") return (server.audit?.n_answered ?? 0) > 0;
  return server?.phase === "label" || server?.phase === "hand-back";
}

/** The spans of an answer that was taken back, to go on with. @param {PersonEvent} event */
function again({ spans }) {
  return spans ? spans.map((span) => ({ by: /** @type {const} */ ("drawn"), version: null, ...span })) : null;
}

/** @param {PersonEvent} event @returns {Said} */
function meant(event) {
  return { kind: event.kind, class_name: event.class_name ?? null, labels: event.labels ?? null, spans: event.spans ?? null, boxes: event.boxes ?? null };
}

/** @param {State} state @param {string} key @param {string} name @returns {State} */
function added(state, key, name) {
  if (!state.server) return state;
  const known = knownAs(name, classNames(state));
  if (known === name) return { ...state, notice: `There is a class '${name}' already.` };
  if (known) return { ...state, notice: `'${name}' is the class '${known}', which is there already.` };
  const near = alike(name, classNames(state));
  const slip = near ? `'${name}' is new, and much like '${near}'. If that is a slip: Undo, and delete it under Classes.` : "";
  const place = 1 + Math.max(-1, ...state.server.classes.map((row) => row.place));
  const classes = [...state.server.classes, { name, place, count: 0 }];
  const outbox = [...state.outbox, /** @type {PersonEvent} */ ({ key, kind: "add_class", class_name: name })];
  return { ...state, outbox, server: { ...state.server, classes }, notice: slip, said: `Class ${name} added. ${slip}`.trim() };
}

/** @param {State} state @param {string} key @param {string} name @param {string} to @returns {State} */
function renamed(state, key, name, to) {
  if (!state.server || to === name) return state;
  if (!to) return { ...state, notice: "A class needs a name." };
  const known = knownAs(to, classNames(state));
  if (known && known !== name) return { ...state, notice: `There is a class '${known}' already: merge the two instead.` };
  const classes = state.server.classes.map((row) => (row.name === name ? { ...row, name: to } : row));
  const next = pushed(state, { key, kind: "rename_class", class_name: name, text: to }, null);
  return { ...next, server: { ...state.server, classes }, notice: "", said: `Class ${name} is now ${to}.` };
}

/** @param {State} state @param {string} key @param {string} name @param {string} into @returns {State} */
function joined(state, key, name, into) {
  const gone = state.server?.classes.find((row) => row.name === name);
  if (!state.server || !gone || name === into || !classNames(state).includes(into)) return state;
  const classes = state.server.classes
    .filter((row) => row.name !== name)
    .map((row) => (row.name === into ? { ...row, count: row.count + gone.count } : row));
  const next = pushed(state, { key, kind: "merge_class", class_name: name, text: into }, null);
  return { ...next, server: { ...state.server, classes }, notice: "", said: `Class ${name} was merged into ${into}.` };
}

/** @param {State} state @param {string} key @param {string} name @returns {State} */
function deleted(state, key, name) {
  const gone = state.server?.classes.find((row) => row.name === name);
  if (!state.server || !gone) return state;
  const classes = state.server.classes.filter((row) => row !== gone);
  const next = pushed(state, { key, kind: "delete_class", class_name: name }, null);
  return { ...next, server: { ...state.server, classes }, notice: "", said: `Class ${name} was deleted.` };
}

/** What became of events that were sent: those that are safe leave the outbox.
 * @param {State} state @param {readonly import("./types.js").Recorded[]} results @returns {State} */
function recorded(state, results) {
  const by = new Map(results.map((result) => [result.key, result]));
  const failed = (/** @type {string} */ key) => ["conflict", "refused"].includes(by.get(key)?.status ?? "");
  const conflicts = state.outbox.flatMap((event) => {
    const result = by.get(event.key);
    const step = state.steps.find((one) => one.event.key === event.key);
    if (result?.status !== "conflict") return [];
    return [{ event, current: result.current, asked: step?.asked ?? null }];
  });
  const told = results.find(({ status, message }) => status === "refused" || (status === "duplicate" && message));
  return {
    ...delivered(state, results),
    seq: Math.max(state.seq, ...results.map((result) => result.seq ?? 0)),
    steps: state.steps.filter((step) => !failed(step.event.key)),
    conflicts: [...state.conflicts, ...conflicts],
    notice: told ? told.message : state.notice,
  };
}

/** Decide a conflict: keep what the other window said, or say it again knowing that.
 * @param {State} state @param {number} index @param {string | null} key @returns {State} */
function settled(state, index, key) {
  const one = state.conflicts[index];
  const conflicts = state.conflicts.filter((_, i) => i !== index);
  if (!one || key === null) return { ...state, conflicts };
  const event = { ...one.event, key, seen: one.current?.key ?? null };
  return { ...state, conflicts, outbox: [...state.outbox, event] };
}
