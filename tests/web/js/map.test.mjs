// The map: where points lie, which are meant, what is drawn, how the state moves.

import assert from "node:assert/strict";
import { test } from "node:test";

import { boxOf, fit, isInside, outlineOf, panned, toMap, toScreen, zoomed } from "../../../src/sparing/web/static/map-geometry.js";
import { densest, enclosed, indexed, nearest, ordered, runs } from "../../../src/sparing/web/static/map-index.js";
import { CLASSES, packed, palette, STEPS } from "../../../src/sparing/web/static/map-palette.js";
import { draw, raster } from "../../../src/sparing/web/static/map-raster.js";
import { better, counted, initialMap, reduceMap } from "../../../src/sparing/web/static/map-reducer.js";
import { colors, places, rows as rowsOf, tallied } from "../../../src/sparing/web/static/map-wire.js";

const size = { width: 800, height: 600 };
const near = (a, b, by = 1e-9) => assert.ok(Math.abs(a - b) < by, `${a} is not ${b}`);
/** A sequence that looks random and is the same each time. */
const chance = (seed = 1) => () => {
  seed = (seed * 48271) % 2147483647;
  return seed / 2147483647;
};
const cloud = (n, seed) => {
  const next = chance(seed);
  return Uint16Array.from({ length: 2 * n }, () => Math.floor(65_535 * next()));
};

test("the whole map fits, and places come back from the screen", () => {
  const view = fit(size);
  for (const corner of [{ x: 0, y: 0 }, { x: 1, y: 1 }]) {
    const at = toScreen(view, size, corner);
    assert.ok(at.x > 0 && at.x < 800 && at.y > 0 && at.y < 600);
    const back = toMap(view, size, at);
    near(back.x, corner.x);
    near(back.y, corner.y);
  }
});

test("what is under the pointer stays there when the map comes nearer", () => {
  const at = { x: 500, y: 330 };
  const before = fit(size);
  const after = zoomed(before, size, 3, at);
  near(after.scale, 3 * before.scale);
  near(toMap(after, size, at).x, toMap(before, size, at).x);
  near(toMap(after, size, at).y, toMap(before, size, at).y);
});

test("nobody gets lost: zoom has ends, and the middle of the screen stays on the map", () => {
  let view = fit(size);
  for (let i = 0; i < 100; i++) view = zoomed(view, size, 2, { x: 0, y: 0 });
  assert.ok(view.scale <= fit(size).scale * 4000);
  for (let i = 0; i < 100; i++) view = zoomed(view, size, 0.5, { x: 800, y: 600 });
  assert.equal(view.scale, fit(size).scale / 2);
  view = panned(view, 1e6, -1e6);
  assert.deepEqual([view.x, view.y], [0, 1]);
});

test("a lasso may be bent inwards, and may go either way round", () => {
  const bent = [[0, 0], [4, 0], [4, 4], [2, 1], [0, 4]].map(([x, y]) => ({ x, y }));
  for (const outline of [bent, [...bent].reverse()]) {
    assert.ok(isInside(outline, 0.5, 2));
    assert.ok(isInside(outline, 3.5, 2));
    assert.ok(!isInside(outline, 2, 2)); // in the notch
    assert.ok(!isInside(outline, -1, 1));
    assert.ok(!isInside(outline, 5, 1));
  }
  assert.deepEqual(boxOf(bent), { left: 0, right: 4, top: 0, bottom: 4 });
});

test("every item that has a place is in the index once, and no other", () => {
  const at = cloud(500, 3);
  at[2 * 7] = at[2 * 7 + 1] = 65_535;
  const index = indexed(at);
  assert.equal(index.rows.length, 499);
  assert.deepEqual([...index.rows].sort((a, b) => a - b), Array.from({ length: 500 }, (_, i) => i).filter((i) => i !== 7));
  index.rows.forEach((row, place) => near(index.xs[place], at[2 * row] / 65_534, 1e-6));
  index.rows.forEach((row, place) => assert.equal(index.at[row], place));
  assert.equal(index.at[7], -1);
});

test("the runs of a box hold all points in it, and the whole map is one run", () => {
  const index = indexed(cloud(4000, 5));
  assert.deepEqual(runs(index, { left: 0, right: 1, top: 0, bottom: 1 }), [[0, 4000]]);
  assert.deepEqual(runs(index, { left: 1.5, right: 2, top: 0, bottom: 1 }), []);
  const box = { left: 0.2, right: 0.4, top: 0.1, bottom: 0.3 };
  const found = new Set(runs(index, box).flatMap(([first, last]) => Array.from({ length: last - first }, (_, i) => first + i)));
  assert.ok(found.size < 800);
  for (let i = 0; i < 4000; i++) {
    const [x, y] = [index.xs[i], index.ys[i]];
    if (x > box.left && x < box.right && y > box.top && y < box.bottom) assert.ok(found.has(i));
  }
});

test("the nearest point is the one that comparing all of them finds", () => {
  const index = indexed(cloud(2000, 7));
  const next = chance(11);
  for (let i = 0; i < 50; i++) {
    const at = { x: next(), y: next() };
    const far = (j) => Math.hypot(index.xs[j] - at.x, index.ys[j] - at.y);
    const best = [...index.xs.keys()].reduce((a, b) => (far(b) < far(a) ? b : a));
    assert.equal(nearest(index, at, 0.2), best);
    assert.equal(nearest(index, at, far(best) / 2), -1);
    assert.notEqual(nearest(index, at, 0.2, (j) => j !== best), best);
  }
});

test("a lasso takes what lies in it, of the color that counts", () => {
  const index = indexed(cloud(3000, 9));
  const outline = [{ x: 0.1, y: 0.1 }, { x: 0.7, y: 0.2 }, { x: 0.4, y: 0.8 }];
  const rows = enclosed(index, outline);
  const inside = [...index.rows.keys()].filter((i) => isInside(outline, index.xs[i], index.ys[i]));
  assert.equal(rows.length, inside.length);
  assert.ok(rows.length > 100);
  assert.equal(enclosed(index, outline, () => false).length, 0);
  assert.equal(enclosed(index, outline.slice(0, 2)).length, 0);
  const all = outlineOf(fit(size), size);
  assert.equal(enclosed(index, all).length, 3000);
});

test("one item, and none", () => {
  for (const n of [0, 1]) {
    const index = indexed(new Uint16Array(2 * n));
    assert.equal(index.rows.length, n);
    assert.equal(nearest(index, { x: 0, y: 0 }, 1), n - 1);
    assert.equal(enclosed(index, outlineOf(fit(size), size)).length, n);
  }
});

test("a name stands where its points are densest", () => {
  const at = new Uint16Array(2 * 90).map((_, i) => (i < 120 ? 10_000 : 60_000));
  const index = indexed(at);
  const codes = ordered(index, new Uint8Array(90).map((_, row) => (row < 60 ? 1 : row < 88 ? 2 : 3)));
  const [one, two, three] = densest(index, codes, 3);
  assert.ok(Math.abs(one.x - 10_000 / 65_534) < 0.15);
  assert.ok(Math.abs(two.x - 60_000 / 65_534) < 0.15);
  assert.equal(three, null); // two points are no place
});

const pixels = (into) => [...into.pixels].map((value, i) => [i, value]).filter(([, value]) => value);

test("a point is a pixel where it lies, a colored one covers quiet ones, an absent one is not there", () => {
  const at = Uint16Array.from([0, 0, 65_534, 65_534, 65_534, 65_534, 32_767, 32_767]);
  const index = indexed(at);
  const into = raster(9, 9);
  const view = { x: 0.5, y: 0.5, scale: 8 };
  const codes = ordered(index, Uint8Array.from([0, 0, 2, 255]));
  const lut = packed(["#111111", "#222222", "#ff8001"]);
  draw(into, index, codes, { view, dot: 1, colors: lut, only: null });
  assert.deepEqual(pixels(into).map(([i]) => i), [0, 80]);
  assert.equal(into.pixels[80] & 0xffffff, 0x0180ff); // 0xbbggrr
  assert.ok(into.pixels[80] >>> 24 > into.pixels[0] >>> 24);
  draw(into, index, codes, { view, dot: 1, colors: lut, only: 1 });
  assert.equal(into.pixels[80] & 0xffffff, 0x111111); // not the color that is shown: quiet
});

test("points beyond the edge are left out, and more points are denser", () => {
  const index = indexed(cloud(5000, 13));
  const into = raster(40, 30);
  draw(into, index, new Uint8Array(5000), { view: { x: 0.5, y: 0.5, scale: 400 }, dot: 2, colors: packed(["#777777"]), only: null });
  assert.ok(pixels(into).length > 20);
  const strengths = new Set(pixels(into).map(([, value]) => value >>> 24));
  assert.ok(strengths.size > 1);
  draw(into, index, new Uint8Array(5000), { view: { x: 9, y: 9, scale: 400 }, dot: 2, colors: packed(["#777777"]), only: null });
  assert.equal(pixels(into).length, 0);
});

test("numbers are read as they were sent", () => {
  assert.deepEqual([...places(Uint8Array.from([1, 0, 2, 1]).buffer)], [1, 258]);
  const head = new TextEncoder().encode('{"names": ["größe"]}');
  const content = new Uint8Array(4 + head.length + 3);
  content.set([head.length, 0, 0, 0]);
  content.set(head, 4);
  content.set([0, 1, 255], 4 + head.length);
  const read = colors(content.buffer);
  assert.deepEqual([read.names, [...read.codes]], [["größe"], [0, 1, 255]]);
  const counts = tallied(read.codes);
  assert.deepEqual([counts[0], counts[1], counts[2], counts[255]], [1, 1, 0, 1]);
});

// How colors look to people who lack one kind of cone; Machado, Oliveira & Fernandes (2009).
const EYES = [
  [1, 0, 0, 0, 1, 0, 0, 0, 1],
  [0.152286, 1.052583, -0.204868, 0.114503, 0.786281, 0.099216, -0.003882, -0.048116, 1.051998],
  [0.367322, 0.860646, -0.227968, 0.280085, 0.672501, 0.047413, -0.01182, 0.04294, 0.968881],
  [1.255528, -0.076749, -0.178779, -0.078411, 0.930809, 0.147602, 0.004733, 0.691367, 0.3039],
];
const linear = (color) => color.match(/[0-9a-f]{2}/g).map((part) => {
  const value = parseInt(part, 16) / 255;
  return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
});
const times = (m, [a, b, c]) => [0, 3, 6].map((i) => m[i] * a + m[i + 1] * b + m[i + 2] * c);
const oklab = (rgb) => times([0.2104542553, 0.793617785, -0.0040720468, 1.9779984951, -2.428592205, 0.4505937099, 0.0259040371, 0.7827717662, -0.808675766],
  times([0.4122214708, 0.5363325363, 0.0514459929, 0.2119034982, 0.6806995451, 0.1073969566, 0.0883024619, 0.2817188376, 0.6299787005], rgb).map((v) => Math.cbrt(Math.max(0, v))));
const luminance = (color) => linear(color).reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
const contrast = (a, b) => (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);

for (const mode of ["light", "dark"]) {
  test(`ten ${mode} colors stay apart for every eye, and from the ground`, () => {
    for (const eye of EYES) {
      const seen = CLASSES[mode].map((color) => oklab(times(eye, linear(color)).map((v) => Math.min(1, Math.max(0, v)))));
      for (let i = 0; i < seen.length; i++) {
        for (let j = 0; j < i; j++) assert.ok(Math.hypot(...seen[i].map((v, k) => v - seen[j][k])) > 0.075, `${CLASSES[mode][i]} ${CLASSES[mode][j]}`);
      }
    }
    const ground = luminance(mode === "light" ? "#efede8" : "#0e1011");
    for (const color of CLASSES[mode]) assert.ok(contrast(luminance(color), ground) > 1.9, color);
  });

  test(`the steps of ${mode} go one way from little to much`, () => {
    const light = STEPS[mode].map(luminance);
    const sorted = [...light].sort((a, b) => (mode === "light" ? b - a : a - b));
    assert.deepEqual(light, sorted);
  });
}

test("more classes than colors begin again; the first is quiet", () => {
  const all = palette(23, false, false);
  assert.equal(all.length, 24);
  assert.equal(all[1], all[11]);
  assert.ok(!CLASSES.light.includes(all[0]));
});

const run = (...actions) => actions.reduce(reduceMap, initialMap());
const maps = (kinds, more = {}) => ({ type: "maps", maps: { mark: "m", kinds, progress: null, trouble: "", ...more } });

test("a better map is offered, and never put under the hand", () => {
  const first = run(maps(["principal"]), { type: "shown", kind: "principal" });
  assert.equal(better(first), null);
  const later = reduceMap(first, maps(["principal", "neighbors"]));
  assert.equal(later.kind, "principal");
  assert.equal(better(later), "neighbors");
  const moved = reduceMap(later, { type: "shown", kind: "neighbors" });
  assert.equal(better(moved), null);
});

test("the map of other items is not kept", () => {
  const shown = run(maps(["principal"]), { type: "shown", kind: "principal" });
  assert.equal(reduceMap(shown, maps(["principal"], { mark: "other" })).kind, null);
});

test("a resized window shows the whole map as before, or the same part of it", () => {
  const whole = run({ type: "size", size });
  assert.deepEqual(whole.view, fit(size));
  const larger = { width: 1600, height: 900 };
  assert.deepEqual(reduceMap(whole, { type: "size", size: larger }).view, fit(larger));
  const close = reduceMap(whole, { type: "zoom", factor: 2 });
  assert.deepEqual(reduceMap(close, { type: "size", size: larger }).view, close.view);
});

test("a lasso is drawn in steps that are worth it, then encloses, then goes", () => {
  const drawn = run({ type: "size", size }, { type: "tool", tool: "lasso" }, { type: "draw", at: { x: 0.1, y: 0.1 } },
    { type: "draw", at: { x: 0.1001, y: 0.1 } }, { type: "draw", at: { x: 0.5, y: 0.1 } });
  assert.equal(drawn.lasso.length, 2);
  const rows = Uint32Array.from([4, 5, 6]);
  const done = reduceMap(drawn, { type: "selected", outline: drawn.lasso, rows, unanswered: rows.subarray(1) });
  assert.equal(done.said, "3 selected, 2 of them without an answer.");
  assert.equal(done.tool, "move");
  const cleared = reduceMap(done, { type: "clear" });
  assert.deepEqual([cleared.lasso.length, cleared.selected.length, cleared.unanswered.length], [0, 0, 0]);
  const nothing = reduceMap(drawn, { type: "selected", outline: drawn.lasso, rows: new Uint32Array(), unanswered: new Uint32Array() });
  assert.equal(nothing.lasso.length, 0);
});

test("one color is shown alone, and all again; other colors begin with all", () => {
  const only = run({ type: "only", code: 3 });
  assert.equal(only.only, 3);
  assert.equal(reduceMap(only, { type: "only", code: 3 }).only, null);
  const other = reduceMap(only, { type: "by", by: "guess" });
  assert.deepEqual([other.only, other.legend], [null, []]);
});

test("answers that lie in this browser are sent from here too", () => {
  const events = [{ key: "a", kind: "skip", item_id: "x" }, { key: "b", kind: "skip", item_id: "y" }];
  const state = run({ type: "opened", events }, { type: "late" });
  assert.ok(state.late);
  const rest = reduceMap(state, { type: "recorded", results: [{ key: "a", seq: 1, status: "stored", current: null, message: "" }] });
  assert.deepEqual(rest.outbox.map((event) => event.key), ["b"]);
  assert.equal(reduceMap(rest, { type: "unsent" }).online, false);
});

test("what a search has found is selected without an outline, until something else is", () => {
  const rows = rowsOf(new Uint8Array([3, 0, 0, 0, 0, 1, 0, 0]).buffer);
  assert.deepEqual([...rows], [3, 256]);
  const found = reduceMap(initialMap(), { type: "selected", outline: [], rows, unanswered: rows.subarray(1), sought: "fox" });
  assert.equal(counted(found), "2 with “fox” in it");
  assert.equal(found.said, "2 with “fox” in it, 1 of them without an answer.");
  assert.deepEqual(found.lasso, []);
  const none = reduceMap(found, { type: "selected", outline: [], rows: new Uint32Array(), unanswered: new Uint32Array(), sought: "elk" });
  assert.equal(counted(none), "Nothing has “elk” in it");
  assert.equal(reduceMap(none, { type: "clear" }).sought, null);
  const drawn = reduceMap(found, { type: "selected", outline: [{ x: 0, y: 0 }], rows, unanswered: rows });
  assert.equal(counted(drawn), "2 selected");
});
