// What every page does behind its state: it comes in by the link, keeps what was said in this browser
// until the server has it, and asks for news.

import { api, ApiError } from "./api.js";
import { plural } from "./dom.js";
import { askToLogIn } from "./login.js";
import { memoryShelf, openShelf, PREFIX, sender, waitingElsewhere } from "./queue.js";

/** @typedef {import("./types.js").PersonEvent} PersonEvent */
/** @typedef {import("./types.js").Recorded} Recorded */
/** @typedef {import("./types.js").SharedAction} SharedAction */
/** @typedef {{readonly outbox: readonly PersonEvent[], readonly refused: string, readonly fleeting: boolean}} Shared */

const POLL = 4000; // ms
const SOON = 250; // ms after the last answer was saved, not once an answer
const AGAIN = 1500; // ms
const LATE = 500; // ms until an answer that is not confirmed is spoken of

/**
 * @param {object} page
 * @param {() => Shared} page.now its state
 * @param {(action: SharedAction) => void} page.dispatch
 * @param {(results: Recorded[]) => void} [page.recorded] in place of the action of that name
 * @param {() => void} [page.polled] after news
 */
export function session({ now, dispatch, recorded = (results) => dispatch({ type: "recorded", results }), polled }) {
  let shelf = memoryShelf();
  let timer = 0;
  let seen = /** @type {Set<string>} */ (new Set()); // on the shelf, at the last news

  const flush = sender({
    waiting: () => now().outbox,
    send: api.send,
    recorded: (results) => {
      recorded(results);
      if (now().outbox.length === 0) soon();
    },
    unsent: (error) => {
      if (error.isClosed) refuse(error);
      dispatch({ type: "unsent", away: error.message });
    },
  });

  /** Put on the disk what the outbox has more than before, and take off what it has no longer.
   * @param {readonly PersonEvent[]} before */
  function keep(before) {
    const { outbox } = now();
    const old = new Set(before.map((event) => event.key));
    const kept = new Set(outbox.map((event) => event.key));
    const fresh = outbox.filter((event) => !old.has(event.key));
    const gone = before.filter((event) => !kept.has(event.key)).map((event) => event.key);
    if (gone.length) shelf.remove(gone).catch(() => {}); // sent again, they count once
    if (!fresh.length) return;
    shelf.put(fresh.filter((event) => !seen.has(event.key))).catch(() => dispatch({ type: "fleeting" })); // the disk is full
    flush();
    setTimeout(() => { if (now().outbox.some((event) => fresh.includes(event))) dispatch({ type: "late" }); }, LATE);
  }

  /** @param {ApiError} error */
  function refuse(error) {
    dispatch({ type: "refused", message: error.message });
    if (error.kind === "log-in") askToLogIn();
  }

  /** @param {unknown} error */
  function failed(error) {
    if (!(error instanceof ApiError)) throw error;
    if (error.isClosed) refuse(error);
    else if (error.isTemporary) dispatch({ type: "unsent", away: error.message });
    else dispatch({ type: "notice", message: error.message });
  }

  /** The result of a request, or null after the person has been told what is wrong.
   * @template T @param {Promise<T>} request @returns {Promise<T | null>} */
  async function tried(request) {
    try {
      return await request;
    } catch (error) {
      failed(error);
      return null;
    }
  }

  /** @param {import("./types.js").Server} server */
  function news(server) {
    document.body.dataset["role"] = server.role;
    document.body.dataset["kind"] = server.kind;
    dispatch({ type: "state", server });
  }

  function soon() {
    clearTimeout(timer);
    timer = setTimeout(poll, SOON);
  }

  async function poll() {
    clearTimeout(timer);
    timer = setTimeout(poll, POLL);
    if (document.hidden || now().refused) return;
    try {
      news(await api.state());
      polled?.();
      await adopt();
      if (now().outbox.length) flush();
    } catch (error) {
      failed(error);
    }
  }

  /** Come in, now or as soon as the server can be reached.
   * @param {string} token */
  async function open(token) {
    try {
      const server = await entered(token);
      const name = PREFIX + server.id;
      const disk = await openShelf(name);
      dispatch({ type: "opened", events: await disk.all() });
      shelf = disk; // only now: what came from it need not be put there
      if (!shelf.lasts) dispatch({ type: "fleeting" });
      news(server);
      flush();
      soon();
      tellOfOthers(await waitingElsewhere(name));
    } catch (error) {
      failed(error);
      if (!now().refused) setTimeout(open, AGAIN, token);
    }
  }

  /** @param {number} n events that this page may not send */
  function tellOfOthers(n) {
    if (!n) return;
    const message = `${plural(n, "answer", "answers")} to another project, or of somebody else, ${n === 1 ? "waits" : "wait"} in this browser. `
      + "They are saved when that project is open at this address again.";
    dispatch({ type: "notice", message });
  }

  /** What another tab was closed with is sent from here: it lies on the same shelf.
   * @returns {Promise<void>} */
  async function adopt() {
    const there = await shelf.all().catch(() => []);
    const left = there.filter((event) => seen.has(event.key)); // not what is just on its way
    seen = new Set(there.map((event) => event.key));
    if (left.length && !now().outbox.length) dispatch({ type: "opened", events: left });
  }

  /** Take the token of the link out of the address, and come in with it. */
  async function start() {
    document.addEventListener("visibilitychange", () => poll());
    window.addEventListener("online", () => { flush(); poll(); });
    window.addEventListener("beforeunload", (event) => { if (now().outbox.length && now().fleeting) event.preventDefault(); });
    window.addEventListener("hashchange", () => { const token = taken(); if (token) enterAnew(token); });
    await open(taken());
  }

  /** A link that was pasted into the address of an open page: the browser itself loads nothing then.
   * @param {string} token */
  async function enterAnew(token) {
    if (await tried(api.session(token).then(() => true))) location.reload();
  }

  return { start, keep, soon, failed, tried };
}

/** The token of a link, taken out of the address; a place on the page is none. */
function taken() {
  const token = location.hash.slice(1);
  if (!token || document.getElementById(token)) return "";
  history.replaceState(null, "", location.pathname + location.search);
  return token;
}

/** The state, after the token of the link was exchanged; a used link is no harm with a session.
 * @param {string} token */
async function entered(token) {
  const used = token ? await api.session(token).catch((error) => error) : null;
  if (used instanceof ApiError && used.status !== 403) throw used;
  return api.state().catch((error) => { throw error.status === 401 && used ? refusal(used) : error; });
}

/** @param {ApiError} used */
function refusal(used) {
  return new ApiError(401, used.kind, used.message);
}

/** The key of a new event. */
export function freshKey() {
  // Not randomUUID: without TLS, browsers offer it to pages of their own machine alone.
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
