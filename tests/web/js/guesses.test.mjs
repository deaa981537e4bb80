// What the page says of a guess.

import assert from "node:assert/strict";
import { test } from "node:test";

import { believed, guessed, suggested } from "../../../src/sparing/web/static/guesses.js";

const BOX = { box: [0, 0, 8, 8], label: "cat", by: "accepted" };

test("a model that sees nothing is sure of it; others who name nothing have been silent", () => {
  assert.match(suggested(["no object", 0.8, null, null, "", []]), /^The model suggests no object \(80 % sure of all\)/);
  assert.match(suggested(["no object", 0, null, null, "yolo", []]), /^yolo finds nothing here: /);
  assert.match(suggested(["nothing to mark", 0, null, [], "old.json", null]), /^old.json finds nothing here: /);
  assert.match(suggested(["1 cat", 0, null, null, "yolo", [BOX]]), /^yolo suggests 1 cat; change/);
});

test("how sure others are is not known", () => {
  assert.equal(believed(["cat", 0, null, null, "old.csv", null, []]), "cat (old.csv)");
  assert.equal(believed(["cat", 0.9, null, null, "", null, []]), "cat (90 %)");
});

test("labels that are worth a look are named after the guess, and are no part of it", () => {
  const guess = ["rain", 0.6, ["rain"], null, "", null, ["wind", "snow"]];
  assert.match(guessed(guess, true), /guesses rain \(60 %\); it is chosen.*Less likely, and worth a look: wind, snow\.$/);
  assert.doesNotMatch(guessed([...guess.slice(0, 6), []], true), /Less likely/);
});
