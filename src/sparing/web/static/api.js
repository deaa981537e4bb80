// Talks to the server: JSON in, JSON out, one kind of error.

/** @typedef {"folders" | "hf" | "brat" | "yolo" | "voc"} FolderForm */

export class ApiError extends Error {
  /** @param {number} status @param {string} kind @param {string} message */
  constructor(status, kind, message) {
    super(message);
    this.status = status;
    this.kind = kind;
  }

  /** The request did not get through, or the server could not take it now: try again later. */
  get isTemporary() {
    return this.status === 0 || this.status >= 500;
  }

  /** Nobody is let in, or somebody else: nothing goes on before the page is loaded again. */
  get isClosed() {
    return this.status === 401 || this.kind === "not-yours";
  }
}

const PATIENCE = 15_000; // ms; a certificate for 60,000 items takes two seconds
const PROJECT = "sparing-project"; // header of every answer of a project's server

/** Whose page this is, as soon as its server has said so. */
const own = { project: "", shelf: "" };

/** An answer of this project's own server. Whatever else has the address now is not to be heard, and
 * not to be taken for it.
 * @param {string} path @param {RequestInit} [options] @param {number} [patience] in ms */
export async function ask(path, options = {}, patience = PATIENCE) {
  const headers = { ...options.headers, ...(own.shelf ? { "sparing-for": own.shelf } : {}) };
  let response;
  try {
    response = await fetch(path, { ...options, headers, signal: AbortSignal.timeout(patience) });
  } catch {
    throw unreachable();
  }
  const project = response.headers.get(PROJECT);
  if (project && project === (own.project || project)) return response;
  if (response.status >= 500) throw unreachable(); // of what stands in front of the server
  throw new ApiError(0, "foreign", "Another program answers at this address.");
}

export function unreachable() {
  return new ApiError(0, "unreachable", "sparing cannot be reached.");
}

/** What an answer says that is none. @param {Response} response */
export async function failureOf(response) {
  const failure = await response.json().catch(() => null);
  const { kind = "broken", message = "sparing gave an answer that cannot be read." } = failure?.error ?? {};
  return new ApiError(response.status, kind, message);
}

/** @param {string} path @param {object} [body] @returns {Promise<any>} */
async function call(path, body) {
  const post = {
    method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body),
  };
  const response = await ask(path, body === undefined ? {} : post);
  if (!response.ok) throw await failureOf(response);
  if (path === "/api/state") own.project ||= response.headers.get(PROJECT) ?? "";
  return response.status === 204 ? null : response.json().catch(() => { throw unreachable(); });
}

/** @param {object} body */
const json = (body) => new Blob([JSON.stringify(body)], { type: "application/json" });
const query = (/** @type {[string, string][]} */ pairs) => new URLSearchParams(pairs).toString();

export const api = {
  /** @param {string} token */
  session: (token) => call("/session", { token }),
  /** @param {string} name @param {string} password */
  logIn: (name, password) => call("/login", { name, password }),
  logOut: () => call("/logout", {}),
  /** @returns {Promise<{ended: number}>} */
  endOthers: () => call("/api/sessions/end-others", {}),
  /** @param {import("./types.js").Role} role @returns {Promise<{token: string}>} */
  link: (role) => call("/api/links", { role }),
  /** @param {boolean} may_add_classes */
  setRights: (may_add_classes) => call("/api/rights", { may_add_classes }),
  /** @param {string} name */
  setName: (name) => call("/api/name", { name }),
  /** @returns {Promise<import("./types.js").People>} */
  people: () => call("/api/people"),
  /** @returns {Promise<{total: number, rows: import("./types.js").Disagreement[]}>} */
  disagreements: () => call("/api/disagreements"),
  /** @returns {Promise<import("./types.js").Guidelines[]>} the newest first */
  guidelines: () => call("/api/guidelines"),
  /** @param {string} text @param {string | null} seen */
  setGuidelines: (text, seen) => call("/api/guidelines", { text, seen }),
  /** @returns {Promise<import("./types.js").Server>} */
  state: async () => {
    const { status, ...rest } = await call("/api/state");
    own.shelf ||= rest.id;
    return { ...rest, ...status };
  },
  /** @param {number} n @param {readonly string[]} exclude @param {boolean} guesses @param {string} holder
   * @returns {Promise<import("./types.js").Next>} */
  next: (n, exclude, guesses, holder) => call(`/api/next?${query([
    ["n", String(n)], ["guesses", String(guesses)], ["holder", holder],
    ...exclude.map((id) => /** @type {[string, string]} */ (["exclude", id])),
  ])}`),
  /** @param {string} holder @param {readonly string[]} keep @param {readonly string[]} free
   * @returns {Promise<{held: string[]}>} */
  lease: (holder, keep, free) => call("/api/leases", { holder, keep, free }),
  /** Let go of all that a holder has. @param {string} holder */
  leave: (holder) => call("/api/leases", { holder, leave: true }),
  /** The same while the page is being closed. @param {string} holder */
  leaveNow: (holder) => navigator.sendBeacon("/api/leases", json({ holder, leave: true })),
  /** @param {readonly import("./types.js").PersonEvent[]} events
   * @returns {Promise<import("./types.js").Recorded[]>} */
  send: async (events) => {
    await call("/api/here"); // nobody else is to hear what was said
    return call("/api/events", events);
  },
  /** @param {string} id @returns {Promise<import("./types.js").Asked>} */
  item: (id) => call(`/api/items/${encodeURIComponent(id)}`),
  /** @param {string} search @param {import("./types.js").Marked} marked @param {number} offset
   * @returns {Promise<{total: number, rows: import("./types.js").HistoryRow[]}>} */
  history: (search, marked, offset) => call(`/api/history?${query([
    ["search", search], ["offset", String(offset)], ...(marked ? [/** @type {[string, string]} */ (["marked", marked])] : []),
  ])}`),
  /** @returns {Promise<import("./types.js").Doubt[]>} */
  doubts: () => call("/api/look-again"),
  /** @param {number} epsilon @returns {Promise<import("./types.js").Plan>} */
  plan: (epsilon) => call(`/api/audit/plan?${query([["epsilon", String(epsilon)]])}`),
  /** @param {number} epsilon */
  audit: (epsilon) => call("/api/audit", { epsilon }),
  certify: () => call("/api/certify", {}),
  resume: () => call("/api/resume", {}),
  /** @returns {Promise<import("./types.js").UnmatchedList>} */
  unmatched: () => call("/api/unmatched"),
  /** @param {Record<string, string>} pairs key of an item -> name of what it is now
   * @returns {Promise<import("./types.js").UnmatchedList>} what is left */
  match: (pairs) => call("/api/unmatched/match", { pairs }),
  /** @param {import("./types.js").Way} by @returns {Promise<import("./types.js").UnmatchedList>} */
  matchBy: (by) => call("/api/unmatched/match-by", { by }),
  /** @returns {Promise<import("./grid-types.js").Overview>} */
  grids: () => call("/api/grid"),
  /** @param {import("./grid-types.js").Source} of @param {number} n @param {readonly string[]} exclude
   * @param {string} holder @returns {Promise<import("./grid-types.js").Page>} */
  grid: (of, n, exclude, holder) => call("/api/grid", { of, n, exclude, holder }),
  /** What was confirmed last, also before a reload.
   * @returns {Promise<import("./grid-types.js").Confirmed>} */
  confirmed: () => call("/api/grid/latest"),
  /** @param {number} number @param {string} holder @returns {Promise<import("./grid-types.js").Check>} */
  clusterCheck: (number, holder) => call(`/api/clusters/${number}/check?holder=${holder}`),
  /** @returns {Promise<import("./map-types.js").Maps>} */
  maps: () => call("/api/map"),
  /** Items by their rows on the map; for a holder without those that others are asked.
   * @param {readonly number[]} rows @param {boolean} guesses @param {string} [holder]
   * @returns {Promise<import("./types.js").Asked[]>} */
  rows: (rows, guesses, holder) => call(`/api/map/items?${query([
    ["guesses", String(guesses)],
    ...(holder ? [/** @type {[string, string]} */ (["holder", holder])] : []),
    ...rows.map((row) => /** @type {[string, string]} */ (["row", String(row)])),
  ])}`),
  /** @param {FolderForm} form what is written as a folder @returns {Promise<{folder: string, sentence: string}>} */
  folders: (form) => call(`/api/folders?${query([["form", form]])}`, {}),
};

/** @param {string} id */
export function mediaUrl(id) {
  return `/media/${encodeURIComponent(id)}`;
}

/** @param {string} id @param {readonly number[]} part left, top, right and bottom in upright pixels */
export function partUrl(id, part) {
  return `${mediaUrl(id)}?part=${part.join(",")}`;
}

/** @param {string} id */
export function smallUrl(id) {
  return `${mediaUrl(id)}?small=true`;
}
