import assert from "node:assert/strict";
import { test } from "node:test";

import { asksForFind, intent, keyTable, matches } from "../../../src/sparing/web/static/keys.js";
import { initial, NONE } from "../../../src/sparing/web/static/reducer.js";

const rows = (...names) => names.map((name, place) => ({ name, place, count: 0 }));
const keys = (classes) => Object.fromEntries(keyTable(classes));
const state = (...names) => ({ ...initial(), server: { classes: rows(...names) } });
const press = (key, more = {}, on = state("cat", "dog")) => intent({ key, ...more }, on);

test("classes have the keys 1 to 9, then letters, but never those of commands", () => {
  const names = Array.from({ length: 40 }, (_, i) => `class ${i}`);
  const table = keyTable(rows(...names));
  assert.equal(table.get("class 0"), "1");
  assert.equal(table.get("class 8"), "9");
  assert.deepEqual(["class 9", "class 10", "class 11"].map((name) => table.get(name)), ["a", "b", "d"]);
  assert.equal(table.get("class 39"), undefined);
  const used = [...table.values()];
  assert.equal(new Set(used).size, used.length);
  assert.ok(!["c", "f", "z", "/", "?"].some((key) => used.includes(key)));
});

test("classes that are called like keys have those keys", () => {
  const digits = keys(rows(..."0123456789"));
  for (const digit of "0123456789") assert.equal(digits[digit], digit);
  assert.equal(digits[NONE], "-");
});

test("a class that comes later takes no key away", () => {
  for (const names of [["cat", "dog"], [..."0123456789"], ["a", "cat", "2"], ["x", "y"], ["5", "1"]]) {
    const before = keys(rows(...names));
    for (const name of ["1", "a", "9", "owl", "x"]) {
      if (names.includes(name)) continue;
      const after = keys(rows(...names, name));
      for (const old of names) assert.equal(after[old], before[old], `${old} after ${name}`);
    }
  }
});

test("a merge moves no key", () => {
  const classes = rows("cat", "dog", "fox");
  assert.equal(keys(classes.filter((row) => row.name !== "dog"))["fox"], "3");
});

test("what keys mean", () => {
  assert.deepEqual(press("1"), { do: "label", name: "cat" });
  assert.deepEqual(press("0"), { do: "label", name: NONE });
  assert.equal(press("3"), null);
  const commands = { Backspace: "undo", " ": "skip", Enter: "confirm", f: "flag", F: "flag", c: "comment",
    z: "zoom", "?": "keys", "/": "find", Escape: "close" };
  for (const [key, wanted] of Object.entries(commands)) assert.equal(press(key)?.do, wanted);
});

test("shortcuts of the browser are left alone", () => {
  for (const more of [{ ctrlKey: true }, { metaKey: true }, { altKey: true }]) assert.equal(press("f", more), null);
});

test("a key held down answers once; only undo goes on", () => {
  assert.equal(press("1", { repeat: true }), null);
  assert.equal(press("Backspace", { repeat: true })?.do, "undo");
});

test("single keys can be turned off", () => {
  const off = { ...state("cat"), singleKeys: false };
  assert.equal(press("1", {}, off), null);
  assert.equal(press("Escape", {}, off)?.do, "close");
});

test("the key of the find field does not begin a name there", () => {
  const typed = (key, text, on = state(), more = {}) => asksForFind({ key, ...more }, text, on);
  assert.ok(typed("/", ""));
  assert.ok(typed("/", "", state("cat"), { repeat: true })); // held down
  assert.ok(!typed("/", "and"));
  assert.ok(!typed("f", ""));
  assert.ok(!typed("/", "", { ...state(), singleKeys: false }));
});

test("type-ahead: equal names, then beginnings, then the middle", () => {
  const names = ["big cat", "catfish", "dog", "Cat"];
  assert.deepEqual(matches("cat", names), ["Cat", "catfish", "big cat"]);
  assert.deepEqual(matches("", names), names);
  assert.deepEqual(matches("xyz", names), []);
});
