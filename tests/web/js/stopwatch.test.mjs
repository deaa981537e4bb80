// How long an item is on the screen.

import assert from "node:assert/strict";
import { test } from "node:test";

import { stopwatch } from "../../../src/sparing/web/static/stopwatch.js";

test("the time of an item begins with it, and stands still while nobody can see the page", () => {
  let now = 0, hidden = false;
  const watch = stopwatch(() => now, () => hidden);
  watch.see("a");
  now = 1500;
  assert.equal(watch.seconds(), 1.5);
  watch.see("a");
  hidden = true;
  watch.turned();
  now = 60_000;
  assert.equal(watch.seconds(), 1.5);
  hidden = false;
  watch.turned();
  now = 61_000;
  assert.equal(watch.seconds(), 2.5);
  watch.see("b");
  assert.equal(watch.seconds(), 0);
  now += 9e9;
  assert.equal(watch.seconds(), 86400);
});
