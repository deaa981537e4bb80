// Settling, as a person moves through it. Run by tests/web/test_static.py, or: node --test

import assert from "node:assert/strict";
import { test } from "node:test";

import { initial, reduce } from "../../../src/sparing/web/static/settle-reducer.js";
import { compared } from "../../../src/sparing/web/static/settle-spans.js";

const row = (id, key = `answer-${id}`) => ({
  asked: { item: { item_id: id, name: id, kind: "text", text: id, fields: null }, answer: { key } },
  votes: [{ annotator: "Ada", class_name: "cat" }, { annotator: "Ben", class_name: "dog" }],
  suggestion: ["cat", 0.7], is_audited: false,
});
const run = (state, ...actions) => actions.reduce(reduce, state);
const listed = (...ids) => ({ type: "listed", rows: ids.map((id) => row(id)) });
const settle = (key, name = "cat") => ({ type: "settle", name, key });
const ids = (state) => state.rows.map((one) => one.asked.item.item_id);
const stored = (key) => ({ type: "recorded", results: [{ key, seq: 1, status: "stored", current: null, message: "" }] });

test("one key settles, names the answer that was seen, and shows the next item", () => {
  const state = run(initial(), listed("a", "b"), settle("k"));
  assert.deepEqual(state.outbox, [{ key: "k", kind: "settled", item_id: "a", class_name: "cat", seen: "answer-a" }]);
  assert.deepEqual(ids(state), ["b"]);
  assert.equal(state.said, "Settled: cat.");
});

test("what is sent but not stored yet does not come again", () => {
  const state = run(initial(), listed("a", "b"), settle("k"), listed("a", "b", "c"));
  assert.deepEqual(ids(state), ["b", "c"]);
});

test("the item on the screen stays while others come and go", () => {
  const state = run(initial(), listed("b", "c"), { type: "later" }, listed("a", "b", "c", "d"));
  assert.deepEqual(ids(state), ["c", "b", "a", "d"]);
  assert.equal(state.notice, "");
});

test("an item that somebody else settles stays under the hand, and it is said", () => {
  const state = run(initial(), listed("a", "b"), listed("b"));
  assert.deepEqual(ids(state), ["a", "b"]);
  assert.match(state.notice, /Somebody else has just settled/);
  assert.deepEqual(ids(reduce(state, { type: "later" })), ["b"]);
  const said = run(state, listed("b", "c"), settle("k"));
  assert.equal(said.outbox[0]?.item_id, "a");
  assert.deepEqual(ids(said), ["b", "c"]);
});

test("undo brings the item back and names the event that it undoes", () => {
  const state = run(initial(), listed("a", "b"), settle("k"), stored("k"), { type: "undo", key: "u" });
  assert.deepEqual(ids(state), ["a", "b"]);
  assert.deepEqual(state.outbox, [{ key: "u", kind: "undo", undoes: "k" }]);
  assert.match(run(initial(), { type: "undo", key: "u" }).notice, /nothing to take back/);
});

test("a conflict is told with the name of who was quicker, and cannot be undone", () => {
  const current = { key: "x", class_name: "dog", annotator: "Cleo" };
  const state = run(initial(), listed("a"), settle("k"),
    { type: "recorded", results: [{ key: "k", seq: null, status: "conflict", current, message: "" }] });
  assert.equal(state.notice, "Cleo has settled it meanwhile: dog.");
  assert.deepEqual(state.steps, []);
  assert.deepEqual(state.outbox, []);
});

test("without an item nothing is settled", () => {
  const state = run(initial(), listed());
  assert.equal(reduce(state, settle("k")), state);
});

const span = (start, end, label) => ({ start, end, label, by: "drawn", version: null });
const marked = {
  ...row("a"), suggestion: ["", 0.5, null, [span(0, 3, "person")]],
  votes: [
    { annotator: "Ada", spans: [span(0, 3, "person"), span(10, 14, "place"), span(20, 30, "place")] },
    { annotator: "Ben", spans: [span(0, 3, "person"), span(10, 14, "person"), span(20, 24, "place"), span(25, 30, "person")] },
    { annotator: "Cleo", spans: null },
  ],
};

test("spans that all have are agreed on; what touches is one stretch, with what each made of it", () => {
  const { agreed, stretches } = compared(marked);
  assert.deepEqual(agreed.map((one) => one.label), ["person"]);
  assert.deepEqual(stretches.map((one) => one.map((v) => [v.who.join(), v.spans.length])), [
    [["Ada", 1], ["Ben", 1]], [["Ada", 1], ["Ben", 2]],
  ]);
});

test("a key a stretch, then one answer; each can be taken back", () => {
  const pick = (choice) => ({ type: "pick", choice, key: "k" });
  const start = run(initial(), { type: "listed", rows: [marked] });
  assert.equal(run(start, pick(2)), start); // there are two versions
  const half = run(start, pick(1), { type: "undo", key: "u" }, pick(0));
  assert.deepEqual([half.picked, half.outbox], [[0], []]);
  const [event] = run(half, pick(1)).outbox;
  assert.deepEqual(event.spans.map(({ start, end, label }) => [start, end, label]), [
    [0, 3, "person"], [10, 14, "place"], [20, 24, "place"], [25, 30, "person"],
  ]);
  assert.equal(run(start, { type: "settleSpans", key: "k" }).outbox[0].spans.length, 1);
});
