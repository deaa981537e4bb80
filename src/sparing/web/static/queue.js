// The outbox: every event lies in IndexedDB until the server has confirmed it, and is sent again
// until then. Its key makes a second arrival harmless.

import { ApiError } from "./api.js";

/** @typedef {import("./types.js").PersonEvent} PersonEvent */
/** @typedef {import("./types.js").Recorded} Recorded */
/** @typedef {{all: () => Promise<PersonEvent[]>, put: (events: readonly PersonEvent[]) => Promise<void>,
 *   remove: (keys: readonly string[]) => Promise<void>}} Shelf */

const STORE = "events";
const BATCH = 100;
const PAUSES = [500, 1000, 2000, 5000]; // ms between tries; the last one for ever

/** @param {string} name @returns {Promise<Shelf>} */
export async function openShelf(name) {
  try {
    return shelf(await database(name));
  } catch {
    return memoryShelf(); // a private window may have no IndexedDB: then the page must stay open
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

/** Send a batch; one that the server cannot read is sent one by one, so that a single bad event
 * holds up no other.
 * @param {readonly PersonEvent[]} events
 * @param {(events: readonly PersonEvent[]) => Promise<Recorded[]>} send
 * @returns {Promise<Recorded[]>} */
async function attempt(events, send) {
  try {
    return await send(events);
  } catch (error) {
    if (!(error instanceof ApiError) || error.isTemporary || error.status === 401) throw error;
    const [first, ...rest] = /** @type {[PersonEvent, ...PersonEvent[]]} */ (events);
    if (rest.length) return [...await attempt([first], send), ...await attempt(rest, send)];
    return [{ key: first.key, seq: null, status: "refused", current: null, message: error.message }];
  }
}
