import assert from "node:assert/strict";
import { afterEach, test } from "node:test";

import { api } from "../../../src/sparing/web/static/api.js";

const real = globalThis.fetch;
afterEach(() => { globalThis.fetch = real; });

const asked = [];
const answer = (status, body, project) => async (path, options) => {
  asked.push([path, options.headers["sparing-for"] ?? null]);
  const headers = { "content-type": "application/json", ...(project ? { "sparing-project": project } : {}) };
  return new Response(status === 204 ? null : JSON.stringify(body), { status, headers });
};
const fault = async (work) => {
  const error = await work().then(() => null, (error) => error);
  return error && [error.kind, error.isTemporary, error.isClosed];
};

test("only this project's server is heard, and it is told for whom the page speaks", async () => {
  globalThis.fetch = answer(200, { id: "sparing-a", name: "pets", status: {} }, "sparing-a");
  assert.equal((await api.state()).name, "pets");
  assert.deepEqual(asked.at(-1), ["/api/state", null]);
  globalThis.fetch = answer(204, null, "sparing-a");
  await api.logOut();
  assert.deepEqual(asked.at(-1), ["/logout", "sparing-a"]);

  const event = { key: "k", kind: "skip", item_id: "i" };
  for (const [status, project] of [[200, null], [403, null], [404, null], [405, null], [429, null], [200, "sparing-b"], [401, "sparing-b"]]) {
    globalThis.fetch = answer(status, [{ key: "k", status: "stored" }], project);
    asked.length = 0;
    assert.deepEqual(await fault(() => api.send([event])), ["foreign", true, false]);
    assert.deepEqual(asked, [["/api/here", "sparing-a"]], "another server hears nothing of the answers");
  }
  globalThis.fetch = answer(502, null, null);
  assert.deepEqual(await fault(() => api.send([event])), ["unreachable", true, false]);
  globalThis.fetch = answer(409, { error: { kind: "not-yours", message: "Load it again." } }, "sparing-a");
  assert.deepEqual(await fault(() => api.send([event])), ["not-yours", false, true]);
});
