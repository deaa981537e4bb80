// The state of the page, as a person moves it. Run by tests/web/test_static.py, or: node --test

import assert from "node:assert/strict";
import { test } from "node:test";

import { initial, isAsking, known, NONE, reduce } from "../../../src/sparing/web/static/reducer.js";

const server = (more = {}) => ({
  id: "p", name: "photos", phase: "label", classes: [
    { name: "cat", place: 0, count: 0 }, { name: "dog", place: 1, count: 0 },
  ],
  n_items: 100, n_labeled: 0, n_skipped: 0, n_flagged: 0, n_left: 100, n_remainder_left: 0,
  accuracy: null, curve: [], advice: [false, ""], model_version: 0, encoded: [0, 0],
  trainer: ["idle", ""], notes: [], audit: null, certificate: null, seq: 0, ...more,
});
const asked = (id, more = {}) => ({
  item: { item_id: id, name: id, kind: "text", text: id, fields: null }, why: "", source: "strategy",
  model_version: 3, guess: null, answer: null, flagged: false, comment: "", purpose: "train", ...more,
});
const answer = (id, key, name) => ({
  key, seq: 1, at: "", kind: "label", item_id: id, class_name: name, annotator: "", purpose: "train",
});
const run = (state, ...actions) => actions.reduce(reduce, state);
const started = (...ids) => run(initial(),
  { type: "state", server: server() }, { type: "asked", phase: "label", items: ids.map((id) => asked(id)) });
const label = (key, name = "cat") => ({ type: "label", key, name });
const onScreen = (state) => state.item?.item.item_id ?? null;
const waiting = (state) => state.queue.map((one) => one.item.item_id);
const stored = (...keys) => ({ type: "recorded", results: keys.map((key, i) => ({
  key, seq: i + 1, status: "stored", current: null, message: "" })) });

test("the first items that come: one on screen, the others wait", () => {
  const state = started("a", "b", "c");
  assert.equal(onScreen(state), "a");
  assert.deepEqual(waiting(state), ["b", "c"]);
});

test("an answer shows the next item at once and goes into the outbox", () => {
  const state = run(started("a", "b"), label("k1"));
  assert.equal(onScreen(state), "b");
  assert.deepEqual(state.outbox, [
    { key: "k1", kind: "label", class_name: "cat", item_id: "a", model_version: 3, asked_for: "train", seen: null },
  ]);
  assert.equal(state.server.n_labeled, 1);
  assert.equal(state.server.n_left, 99);
  assert.deepEqual(state.server.classes.map((row) => row.count), [1, 0]);
});

test("news never change the item on screen", () => {
  const before = started("a", "b");
  const news = server({ seq: 9, model_version: 4, n_labeled: 7, advice: [true, "Stop."] });
  const after = run(before, { type: "state", server: news },
    { type: "asked", phase: "label", items: [asked("z"), asked("a"), asked("b")] });
  assert.equal(after.item, before.item);
  assert.deepEqual(waiting(after), ["b", "z"]);
  assert.equal(after.server.n_labeled, 7);
});

test("no item is asked twice: what is on screen, waits or was just answered is left out", () => {
  const state = run(started("a", "b", "c"), label("k1"));
  assert.deepEqual(known(state).sort(), ["a", "b", "c"]);
  assert.deepEqual(waiting(run(state, { type: "asked", phase: "label", items: [asked("a"), asked("d")] })), ["c", "d"]);
});

test("confirmed answers leave the outbox, the others stay in order", () => {
  const state = run(started("a", "b", "c"), label("k1"), label("k2", "dog"), { type: "skip", key: "k3" }, stored("k2"));
  assert.deepEqual(state.outbox.map((event) => event.key), ["k1", "k3"]);
});

test("what is not saved yet stays counted when old news come", () => {
  const state = run(started("a", "b", "c"), label("k1"), label("k2"), { type: "state", server: server() });
  assert.equal(state.server.n_labeled, 2);
  const saved = run(state, stored("k1", "k2"), { type: "state", server: server({ seq: 1, n_labeled: 1 }) });
  assert.equal(saved.server.n_labeled, 2, "the news are older than what was saved");
  const fresh = run(saved, { type: "state", server: server({ seq: 2, n_labeled: 5 }) });
  assert.equal(fresh.server.n_labeled, 5);
});

test("undo goes back any number of steps, and the items come again in order", () => {
  const start = started("a", "b", "c");
  const back = run(start, label("k1"), { type: "skip", key: "k2" }, label("k3", "dog"),
    { type: "undo", key: "u1" }, { type: "undo", key: "u2" }, { type: "undo", key: "u3" });
  assert.equal(onScreen(back), "a");
  assert.deepEqual(waiting(back), ["b", "c"]);
  assert.deepEqual(back.server, start.server);
  assert.deepEqual(back.outbox.slice(3).map((event) => event.undoes), ["k3", "k2", "k1"]);
});

test("undo beyond what this window has done asks the server for the step before", () => {
  const state = run(started("a"), { type: "undo", key: "u1" });
  assert.deepEqual(state.outbox, [{ key: "u1", kind: "undo", undoes: null }]);
  assert.equal(onScreen(state), "a");
});

test("undo does not reach back into the phase before", () => {
  const audit = (n_answered) => server({ phase: "audit", audit: { n_drawn: 9, n_answered, sentence: "" } });
  const reach = (now) => run(initial(), { type: "state", server: now }, { type: "undo", key: "u" }).outbox.length;
  assert.equal(reach(audit(0)), 0);
  assert.equal(reach(audit(1)), 1);
  assert.deepEqual(["certified", "done", "hand-back"].map((phase) => reach(server({ phase }))), [0, 0, 1]);
});

test("an item from the history is shown, corrected against what was seen, and the old one returns", () => {
  const old = asked("x", { answer: answer("x", "k0", "cat") });
  const state = run(started("a", "b"), { type: "panel", panel: "history" }, { type: "open", asked: old });
  assert.equal(onScreen(state), "x");
  assert.equal(state.panel, null);
  const after = run(state, label("k1", "dog"));
  assert.equal(after.outbox[0].seen, "k0");
  assert.equal(onScreen(after), "a");
  assert.equal(after.server.n_labeled, 0, "a correction is no further answer");
  assert.equal(onScreen(run(after, { type: "undo", key: "u1" })), "x");
});

test("opening an item that waits does not show it twice", () => {
  const state = run(started("a", "b", "c"), { type: "open", asked: asked("b") });
  assert.deepEqual([onScreen(state), ...waiting(state)], ["b", "a", "c"]);
});

test("a new class comes before the label that needs it", () => {
  const state = run(started("a"), { type: "label", key: "k1", addKey: "c1", name: "fox" });
  assert.deepEqual(state.outbox.map((event) => [event.kind, event.class_name]), [["add_class", "fox"], ["label", "fox"]]);
  assert.deepEqual(state.server.classes.at(-1), { name: "fox", place: 2, count: 1 });
  assert.equal(run(started("a"), { type: "label", key: "k1", addKey: "c1", name: NONE }).outbox[0].kind, "add_class");
});

test("places of classes survive a merge", () => {
  const state = run(started("a"), { type: "addClass", key: "c1", name: "fox" },
    { type: "mergeClass", key: "m1", name: "cat", into: "fox" }, { type: "addClass", key: "c2", name: "owl" });
  assert.deepEqual(state.server.classes.map((row) => [row.name, row.place]), [["dog", 1], ["fox", 2], ["owl", 3]]);
});

test("a merge adds the counts; nonsense changes nothing", () => {
  const state = run(started("a", "b"), label("k1"), label("k2", "dog"));
  const merged = run(state, { type: "mergeClass", key: "m1", name: "cat", into: "dog" });
  assert.deepEqual(merged.server.classes, [{ name: "dog", place: 1, count: 2 }]);
  for (const nonsense of [{ type: "mergeClass", key: "m", name: "cat", into: "cat" },
    { type: "mergeClass", key: "m", name: "cat", into: "" }, { type: "deleteClass", key: "d", name: "fox" },
    { type: "renameClass", key: "r", name: "cat", to: "cat" }]) {
    assert.equal(run(state, nonsense), state);
  }
  for (const [action, says] of [[{ type: "renameClass", key: "r", name: "cat", to: "Dog" }, /class 'dog' already: merge/],
    [{ type: "addClass", key: "c", name: "CAT" }, /'CAT' is the class 'cat'/]]) {
    const after = run(state, action);
    assert.match(after.notice, says);
    assert.deepEqual(after, { ...state, notice: after.notice });
  }
  const spelled = run(state, { type: "renameClass", key: "r", name: "cat", to: "Cat" });
  assert.equal(spelled.server.classes[0].name, "Cat");
  assert.equal(run(started("a"), { ...label("k1", "CAT"), addKey: "c" }).outbox[0].class_name, "cat");
});

test("a name that cannot be given says why, and changes nothing else", () => {
  for (const [wrong, why] of [[{ type: "renameClass", key: "r", name: "cat", to: "dog" }, "merge the two instead"],
    [{ type: "renameClass", key: "r", name: "cat", to: "" }, "needs a name"],
    [{ type: "addClass", key: "c", name: "cat" }, "There is a class 'cat' already"]]) {
    const before = started("a");
    const { notice, ...after } = run(before, wrong);
    assert.ok(notice.includes(why), notice);
    assert.deepEqual({ ...after, notice: "" }, before);
  }
});

test("a new class that looks like a slip says so; it can be deleted, and the deletion taken back", () => {
  const state = run(started("a", "b"), { type: "addClass", key: "c1", name: "dragonfly" },
    { type: "label", key: "k1", addKey: "c2", name: "dragonfy" });
  assert.ok(state.notice.includes("much like 'dragonfly'"));
  assert.equal(onScreen(state), "b");
  const gone = run(state, { type: "deleteClass", key: "d1", name: "dragonfly" });
  assert.deepEqual(gone.server.classes.map((row) => row.name), ["cat", "dog", "dragonfy"]);
  assert.deepEqual(run(gone, { type: "undo", key: "u1" }).outbox.slice(-2), [
    { key: "d1", kind: "delete_class", class_name: "dragonfly" }, { key: "u1", kind: "undo", undoes: "d1" }]);
});

test("flags and comments stay with the item on screen, and can be taken back", () => {
  const state = run(started("a"), { type: "flag", key: "f1" }, { type: "comment", key: "c1", text: "blurred" });
  assert.deepEqual([state.item.flagged, state.item.comment], [true, "blurred"]);
  assert.deepEqual(state.outbox.map((event) => event.kind), ["flag", "comment"]);
  const back = run(state, { type: "undo", key: "u1" }, { type: "undo", key: "u2" });
  assert.deepEqual([back.item.flagged, back.item.comment, onScreen(back)], [false, "", "a"]);
  assert.equal(run(state, { type: "flag", key: "f2" }).outbox.at(-1).kind, "unflag");
});

test("a conflict is shown, and settled either way", () => {
  const theirs = answer("a", "other", "dog");
  const result = { key: "k1", seq: null, status: "conflict", current: theirs, message: "" };
  const state = run(started("a", "b"), label("k1"), { type: "recorded", results: [result] });
  assert.equal(state.conflicts.length, 1);
  assert.equal(state.outbox.length, 0);
  assert.equal(state.steps.length, 0, "what was not stored cannot be undone");
  assert.deepEqual(run(state, { type: "settle", index: 0, key: null }).conflicts, []);
  const again = run(state, { type: "settle", index: 0, key: "k9" });
  assert.deepEqual([again.outbox[0].key, again.outbox[0].seen, again.outbox[0].class_name], ["k9", "other", "cat"]);
});

test("a refused event says why and holds up nothing", () => {
  const result = { key: "k1", seq: null, status: "refused", current: null, message: "No such class." };
  const state = run(started("a", "b"), label("k1"), { type: "recorded", results: [result] });
  assert.equal(state.notice, "No such class.");
  assert.equal(state.outbox.length, 0);
});

test("answers of the last visit come first", () => {
  const old = [{ key: "o1", kind: "label", item_id: "x", class_name: "cat" }];
  const state = run(initial(), { type: "opened", events: old }, { type: "state", server: server() });
  assert.deepEqual(run(state, { type: "opened", events: old }).outbox, old);
  assert.deepEqual(known(state), ["x"]);
});

test("a check clears the screen here, and only the queue elsewhere", () => {
  const audit = server({ phase: "audit", audit: { n_drawn: 2, n_answered: 0, sentence: "" }, seq: 5 });
  const here = run(started("a", "b"), { type: "phase", server: audit });
  assert.deepEqual([onScreen(here), waiting(here)], [null, []]);
  const elsewhere = run(started("a", "b"), { type: "state", server: audit });
  assert.deepEqual([onScreen(elsewhere), waiting(elsewhere)], ["a", []]);
  assert.match(elsewhere.notice, /another window/);
  const late = run(here, { type: "asked", phase: "label", items: [asked("z")] });
  assert.equal(onScreen(late), null, "items of the phase before are dropped");
  const answered = run(here, { type: "asked", phase: "audit", items: [asked("q")] }, label("k1"));
  assert.equal(answered.server.audit.n_answered, 1);
});

test("while a check begins here, news of it are no news from another window", () => {
  const audit = server({ phase: "audit", audit: { n_drawn: 2, n_answered: 0, sentence: "" }, seq: 5 });
  const begun = run(started("a", "b"), { type: "beginning", on: true }, { type: "state", server: audit });
  assert.deepEqual([begun.server.phase, begun.notice], ["label", ""]);
  const here = run(begun, { type: "phase", server: audit }, { type: "asked", phase: "audit", items: [asked("q")] });
  const overtaken = run(here, { type: "state", server: server({ seq: 4 }) });
  assert.deepEqual([overtaken.server.phase, onScreen(overtaken), overtaken.beginning], ["audit", "q", false]);
  const refused = run(started("a"), { type: "beginning", on: true }, { type: "beginning", on: false });
  assert.equal(run(refused, { type: "state", server: audit }).server.phase, "audit");
});

test("what the certificate leaves is asked once the person wants it, through to the end", () => {
  const certified = server({ phase: "certified", n_remainder_left: 2 });
  const read = run(initial(), { type: "state", server: certified });
  assert.equal(isAsking(read), false);
  const on = run(read, { type: "handing" }, { type: "asked", phase: "certified", items: [asked("a"), asked("b")] }, label("k1"));
  assert.equal(isAsking(on), true);
  assert.equal(on.server.n_remainder_left, 1);
  const moved = run(on, stored("k1"), { type: "state", server: server({ phase: "hand-back", seq: 2 }) });
  assert.deepEqual([onScreen(moved), moved.steps.length], ["b", 1]);
});

test("an empty fetch ends the asking until something changes", () => {
  const state = run(started("a"), { type: "asked", phase: "label", items: [] });
  assert.equal(state.exhausted, true);
  assert.equal(run(state, { type: "state", server: server({ seq: 1 }) }).exhausted, false);
  assert.equal(run(state, { type: "state", server: server() }).exhausted, true);
});

test("while others have the rest it is asked for again, until something comes", () => {
  const state = run(started("a"), { type: "asked", phase: "label", items: [], n_elsewhere: 3 }, label("k1"));
  assert.deepEqual([onScreen(state), state.exhausted, state.elsewhere], [null, true, 3]);
  const polled = run(state, { type: "state", server: server() });
  assert.deepEqual([polled.exhausted, polled.elsewhere], [false, 3]);
  const come = run(polled, { type: "asked", phase: "label", items: [asked("b")], n_elsewhere: 0 });
  assert.deepEqual([onScreen(come), come.elsewhere], ["b", 0]);
});

test("what somebody else was asked meanwhile waits here no longer; the screen stays", () => {
  const state = run(started("a", "b", "c", "d"), { type: "leased", asked: ["a", "b", "c"], held: ["c"] });
  assert.equal(onScreen(state), "a");
  assert.deepEqual(waiting(state), ["c", "d"]);
});

test("no network: said once answers wait, and forgotten once they are safe", () => {
  const state = run(started("a", "b"), label("k1"), { type: "unsent" }, { type: "late" });
  assert.deepEqual([state.online, state.late], [false, true]);
  const back = run(state, stored("k1"));
  assert.deepEqual([back.online, back.late], [true, false]);
});

test("a confirmed guess is marked as one", () => {
  const state = run(started("a"), { ...label("k1"), confirmed: true });
  assert.equal(state.outbox[0].confirmed, true);
});

test("guesses on or off: what waits is asked for again, the screen stays", () => {
  const state = run(started("a", "b"), { type: "setting", name: "guesses", value: true });
  assert.deepEqual([onScreen(state), waiting(state), state.guesses], ["a", [], true]);
});

test("without an item nothing can be answered", () => {
  const empty = run(initial(), { type: "state", server: server() });
  for (const action of [label("k"), { type: "skip", key: "k" }, { type: "flag", key: "k" }, { type: "zoom" }]) {
    assert.equal(run(empty, action).outbox.length, 0);
    assert.equal(run(empty, action).zoom, false);
  }
});

test("states are never changed in place", () => {
  const freeze = (value) => {
    if (value && typeof value === "object") { Object.values(value).forEach(freeze); Object.freeze(value); }
    return value;
  };
  const actions = [label("k1"), { type: "flag", key: "f" }, { type: "label", key: "k2", addKey: "c", name: "fox" },
    { type: "undo", key: "u1" }, { type: "undo", key: "u2" }, { type: "undo", key: "u3" }, stored("k1", "f", "c"),
    { type: "mergeClass", key: "m", name: "cat", into: "dog" }];
  actions.reduce((state, action) => freeze(reduce(state, freeze(action))), freeze(started("a", "b", "c")));
});

test("a second opinion is not counted again, neither when given nor when taken back", () => {
  const first = run(initial(), { type: "state", server: server({ n_labeled: 5, n_left: 95 }) },
    { type: "asked", phase: "label", items: [asked("a", { second: true }), asked("b")] });
  const given = run(first, label("k1"));
  assert.deepEqual([given.server.n_labeled, given.server.n_left], [5, 95]);
  const back = run(given, { type: "undo", key: "u" });
  assert.deepEqual([back.server.n_labeled, back.server.n_left], [5, 95]);
  assert.equal(onScreen(back), "a");
});
