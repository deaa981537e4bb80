// What is marked in a text, and which words are chosen; offsets are code points.

import assert from "node:assert/strict";
import { test } from "node:test";

import { spanIntent } from "../../../src/sparing/web/static/keys.js";
import { length, pointOf, slice, unitOf } from "../../../src/sparing/web/static/points.js";
import { initial, reduce } from "../../../src/sparing/web/static/reducer.js";
import { chosenIn, neighbor, spansOf } from "../../../src/sparing/web/static/spans.js";

const TEXT = "\u{1f642} Zoe\u0301 met Ada, Ada.";
const TOKENS = [0, 1, 2, 6, 7, 10, 11, 14, 14, 15, 16, 19, 19, 20];
const classes = [{ name: "person", place: 0, count: 0 }, { name: "place", place: 1, count: 0 }];

/** @param {object} [more] */
function asked(more = {}) {
  return { item: { item_id: "a", name: "line 1", kind: "text", text: TEXT, tokens: TOKENS, fields: null }, why: "", source: "strategy", model_version: 3, guess: null, answer: null, flagged: false, comment: "", second: false, purpose: "train", ...more };
}

/** @param {object} [more] @param {boolean} [guesses] */
function begun(more, guesses = false) {
  const server = { kind: "spans", phase: "label", classes, seq: 1, n_labeled: 0, n_skipped: 0, n_left: 9, n_remainder_left: 0, role: "owner" };
  return { ...initial({ guesses, singleKeys: true }), server, item: asked(more) };
}

const word = (state) => slice(TEXT, chosenIn(state).start, chosenIn(state).end);
const said = (state) => spansOf(state).map((s) => `${s.label} ${slice(TEXT, s.start, s.end)} ${s.by}`);
const acts = (state, ...actions) => actions.reduce((s, action) => reduce(s, action), state);
const step = (by, extend = false) => ({ type: "step", by, extend });
const label = (name) => ({ type: "label", name, key: "k", addKey: "a" });

test("offsets are code points, whatever the browser counts in", () => {
  assert.equal(length(TEXT), 20);
  for (const point of [0, 1, 2, 6, 20]) assert.equal(pointOf(TEXT, unitOf(TEXT, point)), point);
  assert.equal(pointOf(TEXT, 1), 0); // amid the smile
  assert.equal(slice(TEXT, 2, 6), "Zoe\u0301");
});

test("arrows choose words, shift more of them, and back again", () => {
  let state = acts(begun(), step(1));
  assert.equal(word(state), "Zoe\u0301");
  state = acts(state, step(1, true));
  assert.equal(word(state), "Zoe\u0301 met");
  state = acts(state, step(-1, true), step(-1, true));
  assert.equal(word(state), "\u{1f642} Zoe\u0301");
  state = acts(state, step(1e9));
  assert.equal(word(state), ".");
});

test("a class marks the words that are chosen, changes a span, and takes the place of what it crosses", () => {
  let state = acts(begun(), step(1), label("place"));
  assert.deepEqual(said(state), ["place Zoe\u0301 drawn"]);
  state = acts(state, label("person"));
  assert.deepEqual(said(state), ["person Zoe\u0301 drawn"]);
  state = acts(state, step(1, true), label("place"));
  assert.deepEqual(said(state), ["place Zoe\u0301 met drawn"]);
  state = acts(state, { type: "edge", side: "end", by: -1 }, { type: "edge", side: "start", by: -1 });
  assert.deepEqual(said(state), ["place \u{1f642} Zoe\u0301 drawn"]);
  assert.deepEqual(said(acts(state, { type: "unmark" })), []);
});

test("a selection is of whole words, without the marks at their ends; or exact", () => {
  const at = (start, end, exact = false) => word(acts(begun(), { type: "select", start, end, exact }));
  assert.equal(at(3, 15), "Zoe\u0301 met Ada"); // the comma behind is left out
  assert.equal(at(14, 15), ","); // unless there is nothing else
  assert.equal(at(3, 5, true), "oe");
  assert.equal(at(12, 12), "Ada");
});

test("shift and a class mark the same words wherever they are", () => {
  const state = acts(begun(), step(3), { type: "alike", name: "person" });
  assert.deepEqual(said(state), ["person Ada drawn", "person Ada drawn"]);
});

test("suggestions are accepted as they are, or become edited; without them nothing is on the screen", () => {
  const guess = ["1 person", 0.8, null, [{ start: 2, end: 6, label: "person", by: "accepted", version: 3, certainty: 0.9 }]];
  assert.deepEqual(said(begun({ guess })), []);
  const shown = begun({ guess }, true);
  assert.deepEqual(said(shown), ["person Zoe\u0301 accepted"]);
  const [event] = acts(shown, { type: "done", key: "k" }).outbox;
  assert.deepEqual(event.spans, [{ start: 2, end: 6, label: "person", by: "accepted", version: 3 }]);
  assert.equal(event.confirmed, true);
  const edited = acts(shown, label("place"));
  assert.deepEqual(said(edited), ["place Zoe\u0301 edited"]);
  assert.equal(acts(edited, { type: "done", key: "k" }).outbox[0].confirmed, undefined);
  const emptied = acts(shown, { type: "unmark" }, { type: "done", key: "k" });
  assert.deepEqual(emptied.outbox[0].spans, []);
});

test("nothing to mark is an answer by its own key alone, and can be taken back", () => {
  const none = acts(begun(), { type: "done", key: "k" });
  assert.equal(none.outbox.length, 0);
  assert.match(none.notice, /Mark something first/);
  const done = acts(none, label("none of these"));
  assert.deepEqual(done.outbox[0].spans, []);
  const back = acts(acts(begun(), step(1), label("person"), { type: "done", key: "k" }), { type: "undo", key: "u" });
  assert.deepEqual(said(back), ["person Zoe\u0301 drawn"]);
});

test("the keys of spans: arrows follow the text, tab goes from span to span", () => {
  const state = acts(begun(), step(1), label("person"), step(2), label("place"));
  assert.equal(spanIntent({ key: "ArrowLeft" }, state, true)?.by, 1);
  assert.equal(spanIntent({ key: "!", code: "Digit1", shiftKey: true }, state, false)?.name, "person");
  assert.equal(spanIntent({ key: "ArrowLeft", altKey: true }, state, false), null);
  assert.equal(neighbor(state, 1), null);
  assert.equal(neighbor(state, -1)?.label, "person");
});

test("an answer says how long its item was on the screen, where the page has measured it", () => {
  const timed = { type: "done", key: "d", seconds: 4.2 };
  assert.equal(acts(begun(), step(1), label("place"), timed).outbox.at(-1).seconds, 4.2);
  assert.equal(acts(begun(), { type: "skip", key: "s", seconds: 0.5 }).outbox.at(-1).seconds, 0.5);
  assert.equal("seconds" in acts(begun(), { type: "skip", key: "s" }).outbox.at(-1), false);
});
