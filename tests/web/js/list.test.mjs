import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { forgetList, keepList, keptList, LONGEST } from "../../../src/sparing/web/static/list.js";
import { initial, reduce } from "../../../src/sparing/web/static/reducer.js";

const kept = new Map();
globalThis.sessionStorage = {
  getItem: (name) => kept.get(name) ?? null,
  setItem: (name, value) => kept.set(name, value),
  removeItem: (name) => kept.delete(name),
};
beforeEach(() => kept.clear());

test("a list is handed over until it is forgotten", () => {
  assert.equal(keptList(), null);
  keepList({ rows: [3, 1], answered: false });
  assert.deepEqual(keptList(), { rows: [3, 1], answered: false });
  forgetList();
  assert.equal(keptList(), null);
});

test("a list has an end, and what is damaged is none", () => {
  keepList({ rows: Array.from({ length: LONGEST + 5 }, (_, i) => i), answered: true });
  assert.equal(keptList().rows.length, LONGEST);
  for (const text of ["{", "null", "[]", '{"rows": ["a"]}', '{"rows": [-1]}', '["a"]']) {
    kept.set("sparing-list", text);
    assert.equal(keptList(), null);
  }
});

const asked = (id, answer = null) => ({
  item: { item_id: id, name: id, kind: "text", text: id, fields: null }, why: "", source: "person",
  model_version: null, guess: null, answer, flagged: false, comment: "",
});
const said = { key: "k", seq: 1, at: "", kind: "label", item_id: "b", class_name: "cat", annotator: "", purpose: "train" };
const begun = (answered) => ({ ...initial(), list: { rows: [10, 11, 12, 13], answered } });
const listed = (rows, ...items) => ({ type: "listed", rows, items });
const shown = (state) => [state.item, ...state.queue].map((one) => one?.item.item_id ?? null);

test("the items of a list come in its order, those with an answer left out", () => {
  const state = reduce(begun(false), listed([10, 11, 12], asked("a"), asked("b", said), asked("c")));
  assert.deepEqual(shown(state), ["a", "c"]);
  assert.deepEqual(state.list.rows, [13]);
});

test("to look at them all, those with an answer come too", () => {
  assert.deepEqual(shown(reduce(begun(true), listed([10, 11], asked("a"), asked("b", said)))), ["a", "b"]);
});

test("who leaves the list keeps the item on the screen and nothing else of it", () => {
  const state = reduce(reduce(begun(false), listed([10, 11], asked("a"), asked("b"))), { type: "leave" });
  assert.deepEqual([shown(state), state.list, state.exhausted], [["a"], null, false]);
  assert.equal(reduce(state, listed([12], asked("c"))), state); // came too late
});

test("what others are asked now is left out of the list, and that is said", () => {
  const state = reduce(begun(false), listed([10, 11, 12], asked("a")));
  assert.deepEqual([shown(state), state.list.rows], [["a"], [13]]);
  assert.equal(state.notice, "Left out of your list, as others are asked them now: 2.");
  assert.equal(reduce(begun(false), listed([10], asked("a"))).notice, "");
});
