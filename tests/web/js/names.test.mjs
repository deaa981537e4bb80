import assert from "node:assert/strict";
import { test } from "node:test";

import { knownAs, nameKey } from "../../../src/sparing/web/static/names.js";

test("one name is one name, however it is written", () => {
  for (const [a, b] of [["Cat", "cat "], ["cafe\u0301", "café"], ["1.0", "1"], ["❤\ufe0f", "❤"], ["می\u200cخواهم", "میخواهم"], ["a  b", "a\u00a0b"]]) {
    assert.equal(nameKey(a), nameKey(b));
  }
  for (const [a, b] of [["A", "a"], ["1.5", "1"], ["Maße", "Masse"], ["cat", "cats"]]) assert.notEqual(nameKey(a), nameKey(b));
});

test("a name that is there is itself, before one that is written otherwise", () => {
  assert.equal(knownAs("cat", ["Cat", "cat"]), "cat");
  assert.equal(knownAs("CAT", ["dog", "Cat"]), "Cat");
  assert.equal(knownAs("fox", ["dog", "Cat"]), undefined);
});
