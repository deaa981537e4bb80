// The state of the grid, as a person moves it. Run by tests/web/test_static.py, or: node --test

import assert from "node:assert/strict";
import { test } from "node:test";

import { classKeys, gridIntent } from "../../../src/sparing/web/static/grid-keys.js";
import {
  addressOf, counts, initial, known, neighbor, reduce, SIZES, sourceOf, tiles, usual,
} from "../../../src/sparing/web/static/grid-reducer.js";
import { NONE } from "../../../src/sparing/web/static/reducer.js";

const server = (more = {}) => ({
  id: "p", name: "photos", phase: "label", classes: [
    { name: "cat", place: 0, count: 0 }, { name: "dog", place: 1, count: 0 },
  ],
  n_items: 100, n_labeled: 0, n_skipped: 0, n_flagged: 0, n_left: 100, n_remainder_left: 0,
  accuracy: null, curve: [], advice: [false, ""], model_version: 3, encoded: [0, 0],
  trainer: ["idle", ""], notes: [], audit: null, certificate: null, seq: 0, ...more,
});
const asked = (id, more = {}) => ({
  item: { item_id: id, name: id, kind: "text", text: id, fields: null }, why: "", source: "grid",
  model_version: 3, guess: null, answer: null, flagged: false, comment: "", ...more,
});
const page = (ids, more = {}) => ({
  about: "cats", class_name: "cat", n_open: 50, items: [...ids].map((id) => asked(id)), ...more,
});
const ids = (state) => tiles(state).map((one) => one.item.item_id);
/** As the page does, with room for so many tiles. */
const seeing = (room) => (state, action) => {
  const next = reduce(state, action);
  return next.page === state.page ? next : reduce(next, { type: "seen", ids: ids(next).slice(0, room) });
};
const run = (state, ...actions) => actions.reduce(seeing(99), state);
const cats = { kind: "class", class_name: "cat" };
const started = (ids = "abcd", more = {}) => run(initial(), { type: "state", server: server() },
  { type: "look", of: cats }, { type: "page", of: cats, page: page(ids, more) });
const confirm = (key = "k") => ({ type: "confirm", key });
const pick = (at) => ({ type: "pick", at });
const shown = (state) => (state.page?.items ?? []).map((one) => one.item.item_id).join("");
const told = (state) => state.outbox.map((e) => [e.kind, e.item_id, e.class_name, e.confirmed].join(" "));
const results = (state, status = "stored", message = "") => ({ type: "recorded", results: state.outbox.map((e, i) => ({
  key: e.key, seq: i + 1, status, current: null, message })) });

test("one key confirms a whole page at a glance", () => {
  const state = run(started(), confirm());
  assert.deepEqual(told(state), ["a", "b", "c", "d"].map((id) => `label ${id} cat true`));
  assert.deepEqual(new Set(state.outbox.map((e) => e.source)), new Set(["grid"]));
  assert.equal(new Set(state.outbox.map((e) => e.key)).size, 4);
  assert.deepEqual([state.server.n_labeled, state.server.n_left, state.server.classes[0].count], [4, 96, 4]);
  assert.equal(state.page, null);
});

test("what was picked out is left for later, or gets its class as a person's answer", () => {
  const state = run(started(), pick(1), { type: "move", to: 2 }, { type: "give", name: "dog", key: "x" }, confirm());
  assert.deepEqual(told(state), ["label a cat true", "label c dog false", "label d cat true"]);
  assert.deepEqual(state.later, ["b"]);
  assert.ok(known(state).includes("b"));
});

test("picking twice takes back in; the page's own class does too", () => {
  const state = run(started(), pick(1), pick(1), { type: "give", name: "dog", key: "x" }, { type: "give", name: "cat", key: "x" });
  assert.deepEqual(counts(state), { confirmed: 4, picked: 0, unseen: 0 });
});

test("a page fetched ahead takes the place of the one that is done, and keeps its marks apart", () => {
  const state = run(started(), { type: "page", of: cats, page: page("aef") }, pick(0), confirm());
  assert.equal(shown(state), "ef", "what was on the screen comes once");
  assert.deepEqual(counts(state), { confirmed: 2, picked: 0, unseen: 0 });
  assert.equal(state.at, 0);
  assert.equal(state.next, null);
});

test("the time that a page took is shared among what was answered with it", () => {
  const state = run(started(), pick(0), { ...confirm(), seconds: 10 });
  assert.deepEqual(state.outbox.map((event) => event.seconds), state.outbox.map(() => Math.round(1000 / state.outbox.length) / 100));
  assert.equal(run(started(), confirm()).outbox.some((event) => "seconds" in event), false);
});

test("what was not on the screen is neither counted nor confirmed: it is what the page has left", () => {
  const room = (state, ...actions) => actions.reduce(seeing(2), state);
  const state = room(started("", {}), { type: "look", of: cats }, { type: "page", of: cats, page: page("abcde") },
    { type: "page", of: cats, page: page("xy") });
  assert.deepEqual(counts(state), { confirmed: 2, picked: 0, unseen: 3 });
  const first = room(state, pick(4), confirm("k"));
  assert.deepEqual(told(first), ["label a cat true", "label b cat true"]);
  assert.deepEqual([shown(first), first.page.n_open, first.later, shown({ page: first.next })], ["cd", 47, ["e"], "xy"]);
  const unseen = reduce({ ...first, seen: new Set() }, confirm("l"));
  assert.deepEqual([told(unseen).length, unseen.steps.length], [2, 1]);
  assert.match(unseen.notice, /Nothing of this page/);
  const done = room(first, confirm("l"));
  assert.equal(shown(done), "xy");
  const back = room(done, { type: "undo", key: "u" }, { type: "undo", key: "v" });
  assert.deepEqual([shown(back), shown({ page: back.next }), [...back.picked.keys()]], ["abcde", "xy", ["e"]]);
});

test("a picture that cannot be shown is picked out", () => {
  const state = run(started(), { type: "unshown", id: "b" }, confirm());
  assert.deepEqual([told(state).length, state.later], [3, ["b"]]);
});

test("a tab that has not chosen holds no page and confirms nothing; the page waits in its own", () => {
  const other = run(started(), pick(1), { type: "tab", tab: "cluster" });
  assert.deepEqual([ids(other), counts(other).confirmed], [[], 0]);
  for (const action of [confirm(), { type: "leave" }, pick(2), { type: "give", name: "dog", key: "x" }]) {
    assert.deepEqual(run(other, action).outbox, []);
    assert.deepEqual([...run(other, action).picked.keys()], ["b"]);
  }
  const back = run(other, { type: "tab", tab: "class" });
  assert.deepEqual([ids(back).join(""), [...back.picked.keys()]], ["abcd", ["b"]]);
  const undone = run(started(), confirm(), { type: "tab", tab: "cluster" }, { type: "undo", key: "u" });
  assert.deepEqual([undone.tab, ids(undone).join("")], ["class", "abcd"]);
});

test("a page of another grid that comes late is not shown", () => {
  const state = run(started(), { type: "look", of: { kind: "cluster", number: 2 } }, { type: "page", of: cats, page: page("xyz") });
  assert.equal(state.page, null);
});

test("a whole page is taken back in one step, as it was, any number of them", () => {
  const before = run(started(), { type: "page", of: cats, page: page("ef") }, pick(2));
  const two = run(before, confirm("k"), confirm("l"));
  const back = run(two, { type: "undo", key: "u" });
  assert.equal(shown(back), "ef");
  assert.deepEqual(back.outbox.slice(-2).map((e) => [e.kind, e.undoes]), [["undo", "l-0"], ["undo", "l-1"]]);
  const further = run(back, { type: "undo", key: "v" });
  assert.equal(shown(further), "abcd");
  assert.deepEqual(counts(further), { confirmed: 3, picked: 1, unseen: 0 });
  assert.deepEqual(further.later, []);
  assert.equal(shown({ page: further.next }), "ef", "the next page comes next again");
  assert.deepEqual(further.server, before.server);
  const none = run(further, { type: "undo", key: "w" });
  assert.match(none.notice, /nothing to take back/);
  assert.equal(none.outbox, further.outbox);
});

test("a step from before a reload is taken back as the server tells it", () => {
  const said = [["k-0", "x", "cat"], ["k-1", "y", "dog"], ["k-2", "z", "cat"]]
    .map(([key, item_id, class_name]) => ({ key, item_id, class_name }));
  const step = { said, items: [..."xyz"].map((id) => asked(id)) };
  const back = run(started(), { type: "recalled", step }, { type: "undo", key: "u" });
  assert.equal(shown(back), "xyz");
  assert.equal(back.target, "cat");
  assert.deepEqual([...back.picked], [["y", "dog"]]);
  assert.deepEqual(back.outbox.map((e) => [e.kind, e.undoes]), [["undo", "k-0"], ["undo", "k-1"], ["undo", "k-2"]]);
  assert.equal(back.server.n_labeled, -3); // as counted from what the server had said
  assert.equal(back.next.items.length, 4, "what was on the screen comes next");
  const whole = run(started(), { type: "recalled", step: { said, items: [] } }, { type: "undo", key: "u" });
  assert.equal(whole.page, null); // of a cluster that was labeled unseen: the grid is fetched again
  const none = run(started(), { type: "recalled", step: { said: [], items: [] } }, { type: "undo", key: "u" });
  assert.match(none.notice, /nothing to take back/);
  const own = run(started(), confirm(), { type: "recalled", step });
  assert.equal(own.steps.length, 1, "a step of this window comes first");
});

test("undo finds its page from another grid too", () => {
  const other = { kind: "cluster", number: 1 };
  const state = run(started(), confirm(), { type: "look", of: other }, { type: "page", of: other, page: page("xy") }, { type: "undo", key: "u" });
  assert.deepEqual(state.of, cats);
  assert.equal(shown(state), "abcd");
  assert.equal(state.next, null);
});

test("leaving a page says nothing and can be taken back", () => {
  const state = run(started(), { type: "leave" });
  assert.deepEqual([state.outbox, state.page, state.later], [[], null, ["a", "b", "c", "d"]]);
  const back = run(state, { type: "undo", key: "u" });
  assert.deepEqual([shown(back), back.outbox, back.later], ["abcd", [], []]);
});

test("without a class nothing is confirmed; the first class key gives it to the page", () => {
  const state = run(started("ab", { class_name: null }), confirm());
  assert.deepEqual(state.outbox, []);
  assert.match(state.notice, /Choose the class/);
  const done = run(state, { type: "give", name: "dog", key: "x" }, confirm());
  assert.deepEqual(told(done), ["label a dog true", "label b dog true"]);
});

test("the class chosen for one page stays for the next", () => {
  const state = run(started("ab", { class_name: null }), { type: "target", name: "dog" }, confirm(),
    { type: "page", of: cats, page: page("cd", { class_name: "cat" }) });
  assert.equal(state.target, "dog");
});

test("none of these becomes a class when it is first given", () => {
  const state = run(started("ab"), { type: "give", name: NONE, key: "x" }, confirm());
  assert.deepEqual(told(state).map((line) => line.split(" ")[0]), ["add_class", "label", "label"]);
});

test("news never change the page on the screen; an older model's next page is dropped", () => {
  const before = run(started(), { type: "page", of: cats, page: page("ef") });
  const after = run(before, { type: "state", server: server({ model_version: 4, seq: 9 }) });
  assert.equal(after.page, before.page);
  assert.equal(after.next, null);
});

test("when a check begins, the page and all that waits for it is gone", () => {
  const state = run(started(), confirm(), { type: "page", of: cats, page: page("ef") },
    { type: "state", server: server({ phase: "audit", seq: 9 }) });
  assert.deepEqual([state.page, state.next, state.steps, state.check], [null, null, [], null]);
});

test("what is not saved yet stays counted", () => {
  const state = run(started(), confirm(), { type: "state", server: server() });
  assert.equal(state.server.n_labeled, 4);
  const saved = run(state, results(state));
  assert.deepEqual(saved.outbox, []);
  assert.equal(run(saved, { type: "state", server: server({ seq: 3 }) }).server.n_labeled, 4);
  assert.equal(run(saved, { type: "state", server: server({ seq: 4, n_labeled: 5 }) }).server.n_labeled, 5);
});

test("answers of others stay, what is refused is said, and neither is undone", () => {
  const state = run(started("ab"), confirm());
  const conflict = run(state, results(state, "conflict"));
  assert.match(conflict.notice, /^2 items had another answer already/);
  assert.deepEqual(run(conflict, { type: "undo", key: "u" }).outbox, []);
  const refused = run(state, results(state, "refused", "It is asked alone."));
  assert.equal(refused.notice, "2 items not labeled. It is asked alone.");
});

test("a blind check asks one by one, without a mark of the grid", () => {
  const of = { kind: "cluster", number: 6 };
  const check = { n_drawn: 2, open: [asked("x"), asked("y")], purity: null, item_ids: [] };
  const state = run(started(), { type: "look", of }, { type: "page", of, page: page("xy") }, { type: "check", of, check },
    { type: "give", name: "cat", key: "k1" }, { type: "skip", key: "k2" });
  assert.deepEqual(state.outbox, [
    { key: "k1", kind: "label", item_id: "x", class_name: "cat", model_version: 3, seen: null },
    { key: "k2", kind: "skip", item_id: "y", model_version: null, seen: null },
  ]);
  assert.deepEqual(state.check.open, []);
  const back = run(state, { type: "undo", key: "u" });
  assert.equal(back.check.open.length, 1);
});

test("a checked cluster is labeled whole, with what that rests on, and taken back in one step", () => {
  const of = { kind: "cluster", number: 6 };
  const purity = { class_name: "dog", sentence: "10 of 10 random items are dog" };
  const check = { n_drawn: 11, open: [], purity, item_ids: ["x", "y", "z"], n_elsewhere: 2 };
  const start = run(started(), { type: "look", of }, { type: "page", of, page: page("xyz") }, { type: "check", of, check });
  const state = run(start, { type: "spread", key: "s" });
  assert.deepEqual(told(state), ["x", "y", "z"].map((id) => `label ${id} dog true`));
  assert.deepEqual(new Set(state.outbox.map((e) => `${e.source}: ${e.text}`)),
    new Set(["cluster: cluster 7; 10 of 10 random items are dog"]));
  assert.deepEqual([state.page.items, state.page.n_elsewhere], [[], 2]);
  const back = run(state, { type: "undo", key: "u" });
  assert.equal(back.outbox.length, 6);
  assert.equal(shown(back), "xyz");
  assert.equal(run(started(), { type: "spread", key: "s" }).outbox.length, 0, "never without a check");
});

test("the cursor stays on the page", () => {
  assert.equal(run(started(), { type: "move", to: 99 }).at, 3);
  assert.equal(run(started(), { type: "move", to: -5 }).at, 0);
  assert.equal(run(initial(), { type: "move", to: 2 }, pick(1), { type: "zoom" }).at, 0);
});

test("tiles grow and shrink within limits", () => {
  const large = run(initial(), ...Array(9).fill({ type: "size", by: 1 }));
  assert.equal(large.size, SIZES.at(-1));
  assert.equal(run(large, ...Array(9).fill({ type: "size", by: -1 })).size, SIZES[0]);
  assert.equal(initial({ singleKeys: true, size: 33 }).size, 80);
});

test("an address names a grid, and a grid its address", () => {
  for (const of of [cats, { kind: "rare", class_name: "a&b=c" }, { kind: "cluster", number: 7 },
    { kind: "like", item_id: "x y" }, { kind: "search", text: "50 % off" }]) {
    assert.deepEqual(sourceOf(addressOf(of), null), of);
  }
  assert.deepEqual(sourceOf("?list", { rows: [3, 1], answered: true }), { kind: "list", rows: [3, 1] });
  assert.deepEqual(["", "?list", "?cluster=x", "?other=1"].map((s) => sourceOf(s, null)), [null, null, null, null]);
});

test("what is shown first: the class with most to confirm, before there is a model the largest cluster", () => {
  const overview = (likely, clusters) => ({ ...initial(), overview: { likely, clusters } });
  assert.deepEqual(usual(overview({ cat: 2, dog: 5 }, null)), { kind: "class", class_name: "dog" });
  assert.deepEqual(usual(overview({ cat: 0 }, [{ number: 4 }])), { kind: "cluster", number: 4 });
  assert.equal(usual(overview({}, null)), null);
});

test("the next grid: of the same kind, with something to show, in a circle", () => {
  const overview = { likely: { cat: 3, dog: 0, fox: 1 }, clusters: [{ number: 4 }, { number: 1 }] };
  const classes = ["cat", "dog", "fox"].map((name, place) => ({ name, place, count: 0 }));
  const state = run(started(), { type: "state", server: server({ classes }) }, { type: "overview", overview });
  assert.deepEqual(neighbor(state, 1), { kind: "class", class_name: "fox" });
  assert.deepEqual(neighbor(state, -1), { kind: "class", class_name: "fox" });
  const cluster = run(state, { type: "look", of: { kind: "cluster", number: 1 } });
  assert.deepEqual(neighbor(cluster, 1), { kind: "cluster", number: 4 });
  const rare = run(state, { type: "look", of: { kind: "rare", class_name: "cat" } });
  assert.deepEqual(neighbor(rare, 1), { kind: "rare", class_name: "dog" });
  assert.equal(neighbor(initial(), 1), null);
});

const press = (key, more = {}, state = started()) => gridIntent({ key, ...more }, state);

test("keys: arrows move, Space picks out, Enter confirms, digits are classes", () => {
  assert.deepEqual(["ArrowRight", "ArrowUp", "End", " ", "Enter", "Backspace", ".", "=", "F", "C", "Z", "+", "-"].map((key) => press(key)?.do),
    ["move", "move", "move", "pick", "confirm", "undo", "leave", "like", "find", "target", "zoom", "larger", "smaller"]);
  assert.deepEqual(press("2"), { do: "give", name: "dog" });
  assert.equal(press("9"), null);
});

test("a key held down confirms nothing, and shortcuts of the browser stay its own", () => {
  assert.equal(press("Enter", { repeat: true }), null);
  assert.equal(press("Backspace", { repeat: true }), null);
  assert.equal(press("ArrowDown", { repeat: true }).do, "move");
  assert.equal(press("f", { ctrlKey: true }), null);
});

test("without single keys the list still works", () => {
  const off = { ...started(), singleKeys: false };
  assert.deepEqual(["1", "z", ".", "Enter", " ", "ArrowLeft"].map((key) => press(key, {}, off)?.do),
    [undefined, undefined, undefined, "confirm", "pick", "move"]);
});

test("no class has a key that the grid needs itself", () => {
  const digits = [..."0123456789"].map((name, place) => ({ name, place, count: 0 }));
  assert.deepEqual([...classKeys(digits)].map(([name]) => name), [..."0123456789"]);
  const many = Array.from({ length: 30 }, (_, place) => ({ name: `class ${place}`, place, count: 0 }));
  for (const key of [..."cfz.=+-?"]) assert.ok(![...classKeys(many).values()].includes(key));
});
