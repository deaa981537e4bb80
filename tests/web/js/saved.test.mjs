import assert from "node:assert/strict";
import { test } from "node:test";

import { told } from "../../../src/sparing/web/static/saved.js";

const calm = { outbox: [], refused: "", online: true, away: "", fleeting: false, late: false };

test("the line never says that all is saved while something waits", () => {
  assert.equal(told(calm), "All answers saved");
  const waits = { ...calm, outbox: [1, 2] };
  for (const more of [{}, { late: true }, { refused: "Log in." }, { fleeting: true },
    { online: false, away: "Another program answers at this address." }]) {
    assert.doesNotMatch(told({ ...waits, ...more }), /All answers saved/);
  }
  assert.match(told({ ...waits, refused: "Log in." }), /^2 unsaved: kept in this browser, sent when you are let in/);
  assert.match(told({ ...waits, online: false, away: "Another program answers at this address." }), /^2 unsaved.*Another program/);
});

test("what lies in the tab alone is not said to be kept in the browser", () => {
  const line = told({ ...calm, outbox: [1], online: false, fleeting: true, away: "sparing cannot be reached." });
  assert.match(line, /^1 unsaved: kept in this tab alone, so leave it open/);
});
