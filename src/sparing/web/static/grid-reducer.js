// The whole state of the grid, and how each action changes it. Pure, as reducer.js is.

import { NONE } from "./reducer.js";
import { delivered, initialShared, reduceShared, timed } from "./shared.js";

/** @typedef {import("./grid-types.js").GridState} GridState */
/** @typedef {import("./grid-types.js").GridAction} GridAction */
/** @typedef {import("./grid-types.js").GridStep} GridStep */
/** @typedef {import("./grid-types.js").Page} Page */
/** @typedef {import("./grid-types.js").Sheet} Sheet */
/** @typedef {import("./grid-types.js").Source} Source */
/** @typedef {import("./types.js").Asked} Asked */
/** @typedef {import("./types.js").PersonEvent} PersonEvent */
/** @typedef {import("./types.js").Server} Server */
/** @typedef {import("./types.js").Timed} Timed */

export const SIZES = [48, 64, 80, 112, 160, 224]; // pixels of a tile
const MOST_STEPS = 100;

/** @returns {Sheet} */
const bare = () => ({ page: null, picked: new Map(), seen: new Set(), target: null, at: 0, later: [] });

/** @returns {GridState} */
export function initial(settings = { singleKeys: true, size: 80 }) {
  return {
    ...bare(), ...initialShared, seq: 0, overview: null, tab: "class", of: null, next: null, steps: [], check: null,
    zoom: false, keys: false, singleKeys: settings.singleKeys,
    size: SIZES.includes(settings.size) ? settings.size : 80,
  };
}

/**
 * @param {GridState} state
 * @param {GridAction} action
 * @returns {GridState}
 */
export function reduce(state, action) {
  switch (action.type) {
    case "state": return learned(state, action.server);
    case "recorded": return recorded(state, action.results);
    case "overview": return { ...state, overview: action.overview };
    case "tab": return state.check?.open.length ? state : { ...state, tab: action.tab, zoom: false, notice: "" };
    case "look": return looked(state, action.of);
    case "page": return paged(state, action.of, action.page);
    case "leased": return leased(state, action.asked, action.held);
    case "seen": return { ...state, seen: new Set([...state.seen, ...action.ids]) };
    case "unshown": return { ...state, picked: new Map(state.picked).set(action.id, null) };
    case "move": return moved(state, action.to);
    case "pick": return picked(moved(state, action.at));
    case "give": return given(state, action.name, action);
    case "skip": return state.check?.open.length ? answered(state, action, null) : state;
    case "target": return { ...state, target: action.name, notice: "" };
    case "confirm": return confirmed(state, action);
    case "leave": return left(state);
    case "recalled": return recalled(state, action.step);
    case "undo": return undone(state, action.key);
    case "check": return action.of === state.of ? { ...state, check: action.check, zoom: false } : state;
    case "spread": return spread(state, action.key);
    case "zoom": return { ...state, zoom: !state.zoom && tiles(state).length > 0 };
    case "keys": return { ...state, keys: !state.keys };
    case "close": return { ...state, zoom: false, keys: false, notice: "" };
    case "size": return sized(state, action.by);
    default: return reduceShared(state, action);
  }
}

/** Whether the tab that is open is the one of the grid that was chosen.
 * @param {GridState} state */
export function isChosen({ of, tab }) {
  return of !== null && tabOf(of) === tab;
}

/** What is on the screen to be answered: nothing, as long as a tab has not chosen a grid.
 * @param {GridState} state @returns {readonly Asked[]} */
export function tiles(state) {
  return isChosen(state) ? items(state) : [];
}

/** @param {Sheet} sheet @returns {readonly Asked[]} */
function items({ page }) {
  return page?.items ?? [];
}

/** What is on the screen, or waits behind it.
 * @param {GridState} state */
export function onScreen(state) {
  const all = [...items(state), ...state.next?.items ?? [], ...state.check?.open ?? []];
  return [...new Set(all.map((one) => one.item.item_id))];
}

/** What the next page has to leave out: what is shown, was left for later or is not saved yet.
 * @param {GridState} state */
export function known(state) {
  return [...new Set([...onScreen(state), ...state.later, ...state.outbox.flatMap((e) => e.item_id ?? [])])];
}

/** The classes that can be given, "none of these" last.
 * @param {GridState} state */
export function classNames({ server }) {
  const names = (server?.classes ?? []).map((row) => row.name).filter((name) => name !== NONE);
  return [...names, NONE];
}

/** How many tiles Enter confirms, how many were picked out, and how many nobody has seen yet.
 * @param {GridState} state */
export function counts(state) {
  const [all, ready] = [tiles(state), tiles(state).filter((one) => isReady(state, one))];
  const picked = ready.filter((one) => state.picked.has(one.item.item_id)).length;
  return { confirmed: ready.length - picked, picked, unseen: all.length - ready.length };
}

/** Whether a person can have meant a tile: it was on the screen, or was picked out there.
 * @param {GridState} state @param {Asked} one */
function isReady({ seen, picked }, { item }) {
  return seen.has(item.item_id) || picked.has(item.item_id);
}

/** What an address asks for; `?list` is the list that another page has handed over.
 * @param {string} search @param {import("./list.js").List | null} list @returns {Source | null} */
export function sourceOf(search, list) {
  const asked = new URLSearchParams(search);
  const [name, value] = [...asked][0] ?? [];
  if (name === "class" || name === "rare") return { kind: name, class_name: value ?? "" };
  if (name === "cluster" && /^\d+$/.test(value ?? "")) return { kind: name, number: Number(value) };
  if (name === "like") return { kind: name, item_id: value ?? "" };
  if (name === "search") return { kind: name, text: value ?? "" };
  return name === "list" && list ? { kind: name, rows: list.rows } : null;
}

/** The address of a grid.
 * @param {Source} of */
export function addressOf(of) {
  const value = of.kind === "cluster" ? of.number : of.kind === "like" ? of.item_id
    : of.kind === "search" ? of.text : of.kind === "list" ? "" : of.class_name;
  return `?${new URLSearchParams([[of.kind, String(value)]])}`;
}

/** What to show first: the class with most to confirm, or the largest cluster.
 * @param {GridState} state @returns {Source | null} */
export function usual({ overview }) {
  const classes = Object.entries(overview?.likely ?? {}).sort((a, b) => b[1] - a[1]);
  if (classes[0]?.[1]) return { kind: "class", class_name: classes[0][0] };
  const first = overview?.clusters?.[0];
  return first ? { kind: "cluster", number: first.number } : null;
}

/** The grid before or after the one that is shown, of those that have something to show.
 * @param {GridState} state @param {1 | -1} by @returns {Source | null} */
export function neighbor({ overview, of, tab, server }, by) {
  const here = of && addressOf(of);
  /** @type {Source[]} */
  const all = tab === "cluster" ? (overview?.clusters ?? []).map(({ number }) => ({ kind: "cluster", number }))
    : (server?.classes ?? []).filter(({ name }) => tab === "rare" || overview?.likely[name] || addressOf({ kind: "class", class_name: name }) === here)
      .map(({ name }) => ({ kind: tab === "rare" ? "rare" : "class", class_name: name }));
  const at = all.findIndex((one) => addressOf(one) === here);
  const next = at < 0 ? (by > 0 ? 0 : all.length - 1) : (at + by + all.length) % all.length;
  return all[next] ?? null;
}

/** News from the server; the page on the screen stays, unless the phase is another one.
 * @param {GridState} state @param {Server} server @returns {GridState} */
function learned(state, server) {
  const before = state.server;
  const behind = before && (state.outbox.length > 0 || server.seq < state.seq);
  const now = behind ? { ...server, ...counted(before) } : server;
  const next = { ...state, server: now, online: true };
  if (before && server.phase !== before.phase) {
    return { ...next, ...bare(), next: null, steps: [], check: null, zoom: false };
  }
  if (before?.model_version === server.model_version) return next;
  // What was fetched ahead is an older model's opinion; an empty page may have filled.
  return { ...next, next: null, page: items(state).length ? state.page : null };
}

/** @param {Server} server */
function counted({ n_labeled, n_skipped, n_left, classes }) {
  return { n_labeled, n_skipped, n_left, classes };
}

/** @param {GridState} state @param {Source} of @returns {GridState} */
function looked(state, of) {
  return { ...state, ...bare(), of, tab: tabOf(of), next: null, check: null, zoom: false, notice: "" };
}

/** @param {Source} of @returns {import("./grid-types.js").Tab} */
function tabOf({ kind }) {
  return kind === "like" || kind === "list" ? "search" : kind;
}

/** A page that came: shown if there is none, else kept for when this one is done.
 * @param {GridState} state @param {Source} of @param {Page} page @returns {GridState} */
function paged(state, of, page) {
  if (of !== state.of) return state;
  const old = new Set(known(state));
  const fresh = { ...page, items: page.items.filter((one) => !old.has(one.item.item_id)) };
  return state.page ? { ...state, next: fresh, online: true } : turned({ ...state, online: true }, fresh);
}

/** Items whose lease ran out and went to somebody else wait here no longer; the screen stays.
 * @param {GridState} state @param {readonly string[]} asked @param {readonly string[]} held @returns {GridState} */
function leased(state, asked, held) {
  if (!state.next) return state;
  const lost = new Set(asked.filter((id) => !held.includes(id)));
  return { ...state, next: { ...state.next, items: state.next.items.filter((one) => !lost.has(one.item.item_id)) } };
}

/** @param {GridState} state @param {Page | null} page @returns {GridState} */
function turned(state, page) {
  const target = state.target ?? page?.class_name ?? null;
  return { ...state, page, target, picked: new Map(), seen: new Set(), at: 0, zoom: false };
}

/** @param {GridState} state @param {number} to @returns {GridState} */
function moved(state, to) {
  const last = tiles(state).length - 1;
  return last < 0 ? state : { ...state, at: Math.max(0, Math.min(last, to)) };
}

/** @param {GridState} state @returns {GridState} */
function picked(state) {
  const on = tiles(state)[state.at];
  if (!on) return state;
  const next = new Map(state.picked);
  if (!next.delete(on.item.item_id)) next.set(on.item.item_id, null);
  const said = next.has(on.item.item_id) ? "picked out" : "not picked out";
  return { ...state, picked: next, said: `${on.item.name} ${said}.` };
}

/** Give the tile under the cursor its class; before the page has one, give it to the page.
 * @param {GridState} state @param {string} name @param {Timed} how @returns {GridState} */
function given(state, name, how) {
  if (state.check?.open.length) return answered(state, how, name);
  const on = tiles(state)[state.at];
  if (!on) return state;
  if (state.target === null) return { ...state, target: name, said: `Enter confirms ${name}.`, notice: "" };
  const next = new Map(state.picked).set(on.item.item_id, name);
  if (name === state.target) next.delete(on.item.item_id);
  return { ...state, picked: next, said: `${on.item.name}: ${name}.` };
}

/** Answer a page at a glance: the time that it took is shared among its answers.
 * @param {GridState} state @param {Timed} how @returns {GridState} */
function confirmed(state, { key, seconds }) {
  const { target } = state;
  if (!tiles(state).length) return state;
  if (target === null) return { ...state, notice: "Choose the class of this page first.", said: "Choose the class of this page first." };
  const ready = tiles(state).filter((one) => isReady(state, one));
  if (!ready.length) return { ...state, notice: "Nothing of this page has been on the screen yet." };
  const events = ready.flatMap((one, i) => {
    const own = state.picked.get(one.item.item_id);
    if (own === null) return [];
    return [labeled(one, `${key}-${i}`, own ?? target, { source: "grid", confirmed: own === undefined })];
  }).map((event, _, all) => ({ ...event, ...timed({ seconds: seconds && share(seconds, all.length) }) }));
  const later = ready.map((one) => one.item.item_id).filter((id) => state.picked.get(id) === null);
  const n = counts(state).confirmed;
  const next = said({ ...state, later: [...state.later, ...later] }, events, state);
  return { ...gone(next, ready), said: `${n} confirmed as ${target}.`, notice: "" };
}

/** To a hundredth of a second. @param {number} seconds @param {number} n */
const share = (seconds, n) => Math.round((seconds / n) * 100) / 100;

/** What follows once some tiles are done: those of the page that nobody has seen, else the next page.
 * @param {GridState} state @param {readonly Asked[]} done @returns {GridState} */
function gone(state, done) {
  const { page } = state;
  const rest = items(state).filter((one) => !done.includes(one));
  if (!page || !rest.length) return { ...turned(state, state.next), next: null };
  return turned(state, { ...page, n_open: page.n_open - done.length, items: rest });
}

/** @param {Asked} one @param {string} key @param {string} name
 * @param {{source?: "grid" | "cluster", confirmed?: boolean, text?: string}} how @returns {PersonEvent} */
function labeled(one, key, name, how) {
  const { item, model_version, answer } = one;
  return {
    key, kind: "label", item_id: item.item_id, class_name: name, model_version,
    seen: answer?.key ?? null, ...how,
  };
}

/** Put events into the outbox, count them, and remember how to take them back.
 * @param {GridState} state @param {PersonEvent[]} events @param {GridState} before @returns {GridState} */
function said(state, events, before) {
  const { page, picked: out, seen, target, at, later } = before;
  const step = { events, sheet: { page, picked: out, seen, target, at, later }, of: before.of, check: before.check };
  return {
    ...state, outbox: [...state.outbox, ...withNone(state, events)], server: credited(state.server, events, 1),
    steps: [...state.steps, step].slice(-MOST_STEPS),
  };
}

/** "None of these" becomes a class when it is first given.
 * @param {GridState} state @param {PersonEvent[]} events @returns {PersonEvent[]} */
function withNone(state, events) {
  const first = events.find((event) => event.class_name === NONE);
  const there = state.server?.classes.some((row) => row.name === NONE);
  if (!first || there) return events;
  return [{ key: `${first.key}-c`, kind: "add_class", class_name: NONE }, ...events];
}

/** @param {Server | null} server @param {readonly PersonEvent[]} events @param {1 | -1} sign */
function credited(server, events, sign) {
  if (!server) return server;
  const labels = events.filter((event) => event.kind === "label");
  const of = (/** @type {string} */ name) => labels.filter((event) => event.class_name === name).length;
  return {
    ...server,
    n_labeled: server.n_labeled + sign * labels.length,
    n_skipped: server.n_skipped + sign * (events.length - labels.length),
    n_left: server.n_left - sign * events.length,
    classes: server.classes.map((row) => ({ ...row, count: row.count + sign * of(row.name) })),
  };
}

/** Leave what is on the screen of a page for later.
 * @param {GridState} state @returns {GridState} */
function left(state) {
  const ready = tiles(state).filter((one) => isReady(state, one));
  if (!ready.length) return state;
  const later = [...state.later, ...ready.map((one) => one.item.item_id)];
  return { ...gone(said({ ...state, later }, [], state), ready), said: "Left for later." };
}

/** A step from before a reload, as the server tells it: it can be taken back like any other.
 * @param {GridState} state @param {import("./grid-types.js").Confirmed} step @returns {GridState} */
function recalled(state, { said: all, items }) {
  if (!all.length || state.steps.length) return state;
  const target = most(all.map((one) => one.class_name));
  const picked = new Map(all.filter((one) => one.class_name !== target).map((one) => [one.item_id, one.class_name]));
  const page = items.length ? { about: "what you took back", class_name: target, n_open: items.length, items, n_elsewhere: 0 } : null;
  const events = all.map((one) => /** @type {PersonEvent} */ ({ ...one, kind: "label" }));
  const sheet = { ...bare(), page, picked, target, later: state.later };
  return { ...state, steps: [{ events, sheet, of: state.of, check: null }] };
}

/** The name that comes most often.
 * @param {readonly string[]} names */
function most(names) {
  const count = (/** @type {string} */ name) => names.filter((one) => one === name).length;
  return [...new Set(names)].reduce((best, name) => (count(name) > count(best) ? name : best));
}

/** Take back all that was said with one key press.
 * @param {GridState} state @param {string} key @returns {GridState} */
function undone(state, key) {
  const step = state.steps.at(-1);
  if (!step) return { ...state, notice: "There is nothing to take back on this page.", said: "" };
  const events = step.events.map((event, i) =>
    /** @type {PersonEvent} */ ({ key: `${key}-${i}`, kind: "undo", undoes: event.key }));
  const same = step.of === state.of;
  return {
    ...state, ...step.sheet, of: step.of, tab: step.of ? tabOf(step.of) : state.tab, check: step.check,
    next: !same ? null : isRest(state.page, step.sheet.page) ? state.next : state.page,
    steps: state.steps.slice(0, -1), outbox: [...state.outbox, ...events], zoom: false, notice: "",
    server: credited(state.server, step.events, -1), said: "Taken back.",
  };
}

/** Whether a page is what was left of another.
 * @param {Page | null} page @param {Page | null} of */
function isRest(page, of) {
  const first = page?.items[0];
  return first !== undefined && (of?.items ?? []).some((one) => one.item.item_id === first.item.item_id);
}

/** Answer the item of a blind check that is on the screen.
 * @param {GridState} state @param {Timed} how @param {string | null} name @returns {GridState} */
function answered(state, how, name) {
  const { check } = state;
  const [on, ...open] = check?.open ?? [];
  if (!check || !on) return state;
  const { item, answer } = on;
  /** @type {PersonEvent} */
  const event = name === null
    ? { key: how.key, kind: "skip", item_id: item.item_id, model_version: null, seen: answer?.key ?? null }
    : labeled(on, how.key, name, {});
  return { ...said(state, [{ ...event, ...timed(how) }], state), check: { ...check, open }, said: name === null ? "Skipped." : `${name}.` };
}

/** Give the class of a checked cluster to all of it that is open.
 * @param {GridState} state @param {string} key @returns {GridState} */
function spread(state, key) {
  const { check, of } = state;
  if (!check?.purity || of?.kind !== "cluster") return state;
  const { class_name, sentence } = check.purity;
  const basis = `cluster ${of.number + 1}; ${sentence}`;
  const events = check.item_ids.map((item_id, i) => /** @type {PersonEvent} */ ({
    key: `${key}-${i}`, kind: "label", item_id, class_name, model_version: state.server?.model_version ?? null,
    seen: null, source: "cluster", confirmed: true, text: basis,
  }));
  const next = said(state, events, state);
  return { ...turned(next, { about: "", class_name: null, n_open: 0, items: [], n_elsewhere: check.n_elsewhere }), next: null, check: null, said: `${events.length} labeled ${class_name}.` };
}

/** @param {GridState} state @param {number} by @returns {GridState} */
function sized(state, by) {
  const size = SIZES[Math.max(0, Math.min(SIZES.length - 1, SIZES.indexOf(state.size) + by))] ?? 80;
  if (size === state.size) return state;
  // Who makes tiles larger has not seen enough of them.
  return { ...state, size, next: null, seen: size > state.size ? new Set() : state.seen };
}

/** What became of events that were sent: those that are safe leave the outbox.
 * @param {GridState} state @param {readonly import("./types.js").Recorded[]} results @returns {GridState} */
function recorded(state, results) {
  const failed = new Set(results.filter((one) => ["conflict", "refused"].includes(one.status)).map((one) => one.key));
  const steps = !failed.size ? state.steps : state.steps.map((step) =>
    ({ ...step, events: step.events.filter((event) => !failed.has(event.key)) }));
  return {
    ...delivered(state, results), steps,
    seq: Math.max(state.seq, ...results.map((result) => result.seq ?? 0)),
    notice: told(results) || state.notice,
  };
}

/** @param {readonly import("./types.js").Recorded[]} results */
function told(results) {
  const others = results.filter((one) => one.status === "conflict").length;
  const refused = results.filter((one) => one.status === "refused");
  const items = (/** @type {number} */ n) => `${n} ${n === 1 ? "item" : "items"}`;
  if (refused[0]) return `${items(refused.length)} not labeled. ${refused[0].message}`;
  return others ? `${items(others)} had another answer already, which stays.` : "";
}
