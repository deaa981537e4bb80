// Several labels an item: what Enter says of labels that were chosen, answered or suggested.

import assert from "node:assert/strict";
import { test } from "node:test";

import { worthALook } from "../../../src/sparing/web/static/labels.js";
import { initial, reduce } from "../../../src/sparing/web/static/reducer.js";

const classes = [{ name: "rain", place: 0, count: 0 }, { name: "wind", place: 1, count: 0 }];
const NONE_GUESSED = ["none of these", 0.9, [], null, "", null, []];

/** @param {object} [more] @param {boolean} [guesses] */
function begun(more, guesses = false) {
  const item = { item: { item_id: "a", name: "line 1", kind: "text", text: "day" }, why: "", model_version: 3, guess: null, answer: null, purpose: "train", ...more };
  const server = { kind: "labels", phase: "label", classes, seq: 1, n_labeled: 0, n_skipped: 0, n_left: 9, n_remainder_left: 0, role: "owner" };
  return { ...initial({ guesses, singleKeys: true }), server, item };
}

const toggle = (state, name) => reduce(state, { type: "label", name, key: "k", addKey: "a" });
const entered = (state) => reduce(state, { type: "done", key: "d" });

test("Enter accepts a guess that there is no label, touched or not", () => {
  const guess = NONE_GUESSED, shown = begun({ guess }, true);
  const [event] = entered(shown).outbox;
  assert.deepEqual([event.labels, event.confirmed], [[], true]);
  const again = entered(toggle(toggle(shown, "rain"), "rain")).outbox;
  assert.deepEqual([again[0].labels, again[0].confirmed], [[], true]);
});

test("Enter says none where the labels that stood there were taken off", () => {
  const shown = begun({ guess: ["rain", 0.9, ["rain"], null, "", null, []] }, true);
  const [event] = entered(toggle(shown, "rain")).outbox;
  assert.deepEqual([event.labels, event.confirmed], [[], undefined]);
});

test("where nothing stood there, nothing chosen is no answer", () => {
  for (const state of [begun(), begun({ guess: NONE_GUESSED }), toggle(toggle(begun(), "rain"), "rain")]) {
    assert.equal(entered(state).outbox.length, 0);
    assert.match(entered(state).notice, /Choose labels first/);
  }
});

test("a label that is worth a look is chosen by nobody, and named only where guesses are shown", () => {
  const guess = ["none of these", 0.6, [], null, "", null, ["wind"]], shown = begun({ guess }, true);
  assert.deepEqual(worthALook(shown), ["wind"]);
  assert.deepEqual(worthALook(begun({ guess })), []);
  assert.deepEqual(entered(shown).outbox[0].labels, []);
  const taken = toggle(shown, "wind");
  assert.deepEqual(worthALook(taken), []);
  const [event] = entered(taken).outbox;
  assert.deepEqual([event.labels, event.confirmed], [["wind"], undefined]);
});
