import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { readSettings, saveSettings } from "../../../src/sparing/web/static/settings.js";

const usual = { guesses: false, size: 96 };
const kept = new Map();
globalThis.localStorage = {
  getItem: (name) => kept.get(name) ?? null,
  setItem: (name, value) => kept.set(name, value),
};
beforeEach(() => kept.clear());

test("what nobody has set is as usual", () => {
  assert.deepEqual(readSettings(usual), usual);
});

test("a page keeps its own settings and leaves those of the others", () => {
  saveSettings({ guesses: true });
  saveSettings({ size: 128 });
  assert.deepEqual(readSettings(usual), { guesses: true, size: 128 });
});

test("what is damaged, foreign or of another type is as if never set", () => {
  for (const stored of ["{", "null", "[1]", '{"size": "large", "other": 1}']) {
    kept.set("sparing-settings", stored);
    assert.deepEqual(readSettings(usual), usual);
  }
});
