import assert from "node:assert/strict";
import { test } from "node:test";

import { ApiError } from "../../../src/sparing/web/static/api.js";
import { memoryShelf, sender } from "../../../src/sparing/web/static/queue.js";

const event = (key) => ({ key, kind: "skip", item_id: key });
const stored = ({ key }) => ({ key, seq: 1, status: "stored", current: null, message: "" });

/** A world in which `send` may fail; time passes when the test says so. */
function world(send) {
  const it = { outbox: [], sent: [], errors: [], pauses: [], results: [] };
  it.flush = sender({
    waiting: () => it.outbox,
    send: async (events) => { it.sent.push(events.map((one) => one.key)); return send(events, it.sent.length); },
    recorded: (results) => {
      it.results.push(...results);
      const keys = results.map((result) => result.key);
      it.outbox = it.outbox.filter((one) => !keys.includes(one.key));
    },
    unsent: (error) => it.errors.push(error.status),
    later: (again, ms) => { it.pauses.push(ms); it.again = again; },
  });
  return it;
}

test("what waits is sent in order, in one request", async () => {
  const it = world((events) => events.map(stored));
  it.outbox = [event("a"), event("b")];
  await it.flush();
  assert.deepEqual(it.sent, [["a", "b"]]);
  assert.deepEqual(it.outbox, []);
});

test("two requests are never on the way at once; what comes meanwhile goes with the next", async () => {
  let open;
  const it = world((events, n) => n === 1 ? new Promise((done) => { open = () => done(events.map(stored)); }) : events.map(stored));
  it.outbox = [event("a")];
  const first = it.flush();
  it.outbox = [...it.outbox, event("b")];
  await it.flush();
  assert.deepEqual(it.sent, [["a"]]);
  open();
  await first;
  assert.deepEqual(it.sent, [["a"], ["b"]]);
});

test("no network: nothing is lost, tries become rarer, and the same keys are sent again", async () => {
  const it = world((events, n) => { if (n <= 6) throw new ApiError(0, "unreachable", ""); return events.map(stored); });
  it.outbox = [event("a")];
  await it.flush();
  for (let i = 0; i < 6; i++) await it.again();
  assert.deepEqual(it.sent, Array(7).fill(["a"]));
  assert.deepEqual(it.pauses, [500, 1000, 2000, 5000, 5000, 5000]);
  assert.deepEqual(it.outbox, []);
});

test("a server that broke is asked again; one that shut the door too, and it is said", async () => {
  for (const status of [500, 503, 401]) {
    const it = world((events, n) => { if (n === 1) throw new ApiError(status, "", ""); return events.map(stored); });
    it.outbox = [event("a")];
    await it.flush();
    assert.deepEqual([it.errors, it.outbox.length], [[status], 1]);
    await it.again();
    assert.deepEqual(it.outbox, []);
  }
});

test("whatever else answers: nothing leaves the outbox before it was named", async () => {
  const strange = [400, 403, 404, 405, 409, 413, 429].map((status) => () => { throw new ApiError(status, "x", "No."); });
  const silent = [[], {}, null, [{ key: "other", status: "stored" }], [{ key: "a", status: "lost" }]].map((said) => () => said);
  for (const answer of [...strange, ...silent]) {
    const it = world((events, n) => n === 1 ? answer() : events.map(stored));
    it.outbox = [event("a")];
    await it.flush();
    assert.deepEqual([it.results, it.outbox.length, it.errors.length], [[], 1, 1]);
    await it.again();
    assert.deepEqual(it.outbox, []);
  }
});

test("what an answer does not name stays, and is sent again", async () => {
  const it = world((events) => events.slice(0, 1).map(stored));
  it.outbox = [event("a"), event("b")];
  await it.flush();
  assert.deepEqual(it.sent, [["a", "b"], ["b"]]);
  assert.deepEqual(it.outbox, []);
});

test("what is too large together goes in pieces", async () => {
  const it = world((events) => { if (events.length > 2) throw new ApiError(413, "x", ""); return events.map(stored); });
  it.outbox = ["a", "b", "c", "d", "e"].map(event);
  await it.flush();
  assert.deepEqual(it.results.map((one) => one.key), ["a", "b", "c", "d", "e"]);
});

test("one event that cannot be read holds up no other, and the order stays", async () => {
  const it = world((events) => {
    if (events.some((one) => one.key === "bad")) throw new ApiError(422, "invalid-request", "Cannot be read.");
    return events.map(stored);
  });
  it.outbox = [event("a"), event("bad"), event("b"), event("c")];
  await it.flush();
  assert.deepEqual(it.results.map((one) => [one.key, one.status]),
    [["a", "stored"], ["bad", "refused"], ["b", "stored"], ["c", "stored"]]);
  assert.equal(it.results[1].message, "Cannot be read.");
});

test("long outboxes go in pieces", async () => {
  const it = world((events) => events.map(stored));
  it.outbox = Array.from({ length: 250 }, (_, i) => event(`e${i}`));
  await it.flush();
  assert.deepEqual(it.sent.map((keys) => keys.length), [100, 100, 50]);
});

test("the shelf in memory keeps and forgets", async () => {
  const shelf = memoryShelf();
  await shelf.put([event("a"), event("b")]);
  await shelf.remove(["a"]);
  assert.deepEqual(await shelf.all(), [event("b")]);
});
