// Names that are one slip of the hand apart.

import assert from "node:assert/strict";
import { test } from "node:test";

import { alike } from "../../../src/sparing/web/static/alike.js";

test("one letter more, less, other or swapped is a slip; so are case, blanks and hyphens", () => {
  for (const typed of ["dragonfy", "dragonflyy", "dragomfly", "dragnofly", "Dragonfly", "dragon-fly"]) {
    assert.equal(alike(typed, ["bee", "dragonfly", "dragon fly"]) !== null, true, typed);
  }
});

test("other words, short names and other numbers are meant", () => {
  for (const [typed, there] of [["cat", "car"], ["grade 3", "grade 2"], ["rain", "sunshine"], ["day 12", "day 21"], ["dragonfly", "dragonfly"]]) {
    assert.equal(alike(typed, [there]), null, typed);
  }
});
