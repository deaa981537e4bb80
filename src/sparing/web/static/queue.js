// The outbox: every event lies in IndexedDB until its project's server has said, by its key, that it
// has it or refuses it; until then it is sent again. The key makes a second arrival harmless.

import { ApiError } from "./api.js";

/** @typedef {import("./types.js").PersonEvent} PersonEvent */
/** @typedef {import("./types.js").Recorded} Recorded */
/** @typedef {{all: () => Promise<PersonEvent[]>, put: (events: readonly PersonEvent[]) => Promise<void>,
 *   remove: (keys: readonly string[]) => Promise<void>, lasts: boolean}} Shelf ``lasts``: outlives the page */

export const PREFIX = "sparing-";
const STORE = "events";
const BATCH = 100;
const FATES = ["stored", "duplicate", "conflict", "refused"];
const UNREADABLE = 422;
const TOO_LARGE = 413;
const PAUSES = [500, 1000, 2000, 5000]; // ms between tries; the last one for ever

/** @param {string} name @returns {Promise<Shelf>} */
export async function openShelf(name) {
  try {
    return shelf(await database(name));
  } catch {
    return memoryShelf(); // a private window may have no IndexedDB: then the page must stay open
  }
}

/** How many events wait in this browser, at this address, for another project or another person.
 * @param {string} own name of the shelf of this page */
export async function waitingElsewhere(own) {
  try {
    const names = (await indexedDB.databases()).flatMap(({ name }) => name?.startsWith(PREFIX) && name !== own ? [name] : []);
    const counts = await Promise.all(names.map(async (name) => {
      const db = await database(name);
      const count = await done(db.transaction(STORE).objectStore(STORE).count());
      db.close();
      return count;
    }));
    return counts.reduce((sum, count) => sum + count, 0);
  } catch {
    return 0; // older browsers do not tell
  }
}

/** @param {string} name @returns {Promise<IDBDatabase>} */
function database(name) {
  const opening = indexedDB.open(name, 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore(STORE, { autoIncrement: true });
  return done(opening);
}

/** @template T @param {IDBRequest<T>} request @returns {Promise<T>} */
function done(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/** @param {IDBTransaction} transaction @returns {Promise<void>} */
function committed(transaction) {
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onabort = () => reject(transaction.error);
  });
}

/** @param {IDBDatabase} db @returns {Shelf} */
function shelf(db) {
  const begin = (/** @type {IDBTransactionMode} */ mode) => db.transaction(STORE, mode);
  return {
    lasts: true,
    all: () => done(begin("readonly").objectStore(STORE).getAll()),
    put: (events) => {
      const work = begin("readwrite");
      for (const event of events) work.objectStore(STORE).add(event);
      return committed(work);
    },
    remove: (keys) => {
      const work = begin("readwrite");
      const gone = new Set(keys);
      const walk = work.objectStore(STORE).openCursor();
      walk.onsuccess = () => {
        const cursor = walk.result;
        if (!cursor) return;
        if (gone.has(cursor.value.key)) cursor.delete();
        cursor.continue();
      };
      return committed(work);
    },
  };
}

/** @returns {Shelf} */
export function memoryShelf() {
  /** @type {PersonEvent[]} */
  let kept = [];
  return {
    lasts: false,
    all: async () => [...kept],
    put: async (events) => { kept = [...kept, ...events]; },
    remove: async (keys) => { kept = kept.filter((event) => !keys.includes(event.key)); },
  };
}

/** Sends what is in the outbox, in order, one request at a time, again and again until it is safe.
 * @param {object} parts
 * @param {() => readonly PersonEvent[]} parts.waiting what the server has not confirmed
 * @param {(events: readonly PersonEvent[]) => Promise<Recorded[]>} parts.send
 * @param {(results: Recorded[]) => void} parts.recorded
 * @param {(error: ApiError) => void} parts.unsent
 * @param {(again: () => void, ms: number) => unknown} [parts.later]
 * @returns {() => Promise<void>} send now; may be called at any time */
export function sender({ waiting, send, recorded, unsent, later = setTimeout }) {
  let busy = false;
  let failures = 0;
  const flush = async () => {
    if (busy) return;
    busy = true;
    try {
      while (waiting().length) {
        recorded(await attempt(waiting().slice(0, BATCH), send));
        failures = 0;
      }
    } catch (error) {
      const reason = error instanceof ApiError ? error : new ApiError(0, "broken", String(error));
      unsent(reason);
      later(flush, PAUSES[Math.min(failures++, PAUSES.length - 1)] ?? 0);
    } finally {
      busy = false;
    }
  };
  return flush;
}

/** Send a batch; one that the server cannot read, or that is too large, is sent in halves, so that a
 * single bad event holds up no other. Only an event that was sent alone is refused by that; whatever
 * else goes wrong, all stay.
 * @param {readonly PersonEvent[]} events
 * @param {(events: readonly PersonEvent[]) => Promise<Recorded[]>} send
 * @returns {Promise<Recorded[]>} */
async function attempt(events, send) {
  try {
    return named(events, await send(events));
  } catch (error) {
    if (!(error instanceof ApiError) || ![UNREADABLE, TOO_LARGE].includes(error.status)) throw error;
    const middle = events.length >> 1;
    if (middle) return [...await attempt(events.slice(0, middle), send), ...await attempt(events.slice(middle), send)];
    const [alone] = events;
    if (!alone || error.status !== UNREADABLE) throw error;
    return [{ key: alone.key, seq: null, status: "refused", current: null, message: error.message }];
  }
}

/** What an answer says of the events that were sent; one that says nothing of them is none.
 * @param {readonly PersonEvent[]} events @param {unknown} said */
function named(events, said) {
  const keys = new Set(events.map((event) => event.key));
  const results = /** @type {Recorded[]} */ (Array.isArray(said) ? said : [])
    .filter((one) => keys.has(one?.key) && FATES.includes(one.status));
  if (!results.length) throw new ApiError(0, "broken", "sparing gave an answer that cannot be read.");
  return results;
}
