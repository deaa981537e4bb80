import assert from "node:assert/strict";
import { test } from "node:test";

import { percent, scaled, spoken, thinned } from "../../../src/sparing/web/static/curve.js";

const point = (n_labels, accuracy, low, high) => ({ n_labels, accuracy, low, high });
const points = [point(20, 0.5, 0.42, 0.6), point(60, 0.7, 0.62, 0.78), point(100, 0.8, 0.74, 0.86)];

test("the axis begins at the ten per cent below the lowest interval", () => {
  const { first, last, floor, x, y } = scaled(points);
  assert.deepEqual([first, last, floor], [20, 100, 0.4]);
  assert.ok(x(20) < x(60) && x(60) < x(100));
  assert.ok(y(1) < y(0.5) && y(0.5) < y(0.4));
  assert.equal(x(60), (x(20) + x(100)) / 2);
});

test("perfect and single points do not divide by zero", () => {
  for (const one of [[point(5, 1, 1, 1)], [point(5, 1, 1, 1), point(5, 1, 1, 1)]]) {
    const { x, y } = scaled(one);
    assert.ok(Number.isFinite(x(5)) && Number.isFinite(y(1)));
  }
});

test("the curve has words", () => {
  assert.equal(spoken(points), "Accuracy went from 50 % after 20 answers to 80 % after 100.");
  assert.deepEqual([0, 0.996, 0.9999, 1].map(percent), ["0 %", "99.6 %", "99.9 %", "100 %"]);
});

test("many points are thinned, the last one stays, few are left as they are", () => {
  const many = Array.from({ length: 300 }, (_, i) => point(10 + i, 0.5, 0.4, 0.6));
  const few = thinned(many);
  assert.ok(few.length > 20 && few.length <= 26);
  assert.equal(few.at(-1), many.at(-1));
  assert.deepEqual(thinned(points), points);
  assert.deepEqual(thinned([]), []);
});
