// Who is here, the panel of people, and the guidelines that all of them see.

import { api } from "./api.js";
import { button, byId, el, plural, show, write } from "./dom.js";
import { figures } from "./figures.js";

/** @typedef {import("./types.js").State} State */
/** @typedef {import("./types.js").Guidelines} Guidelines */
/** @typedef {import("./main.js").Acts} Acts */
/** @typedef {{body: HTMLElement, state: State, acts: Acts}} Part */

const ASKED = "sparing-name-asked";
const READ = "sparing-guidelines-";

/** The name in the header, the question for it, and news of the guidelines.
 * @param {State} state @param {State} before @param {Acts} acts */
export function drawWho(state, before, acts) {
  const server = state.server;
  if (!server) return;
  write("who", server.annotator ? `You: ${server.annotator}` : "Your name");
  show("who", true);
  const others = server.people.some((name) => name !== "" && name !== server.annotator);
  const wanted = !server.annotator && !server.by_password && !localStorage.getItem(ASKED);
  show("ask-name", wanted);
  if (wanted) write("ask-name-why", others ? "Others answer here too: a name tells you apart." : "Optional: it tells several people's answers apart.");
  const known = Number(localStorage.getItem(READ + server.id) ?? 0);
  const isNew = server.guidelines > known && state.panel !== "guidelines";
  show("news", isNew);
  if (isNew) write("news-text", known ? "The guidelines have changed." : "This project has guidelines.");
  if (state.panel === "guidelines" && before.panel !== "guidelines") acts.readGuidelines();
}

/** @param {Acts} acts */
export function bindWho(acts) {
  byId("who").addEventListener("click", () => acts.panel("people"));
  byId("ask-name").addEventListener("submit", (event) => {
    event.preventDefault();
    acts.setName(/** @type {HTMLInputElement} */ (byId("ask-name-text")).value.trim());
  });
  byId("ask-name-no").addEventListener("click", () => acts.setName(""));
  byId("news-later").addEventListener("click", () => acts.readGuidelines());
}

/** Remember in this browser that the question was answered, if only by no. */
export function askedName() {
  localStorage.setItem(ASKED, "yes");
}

/** @param {State} state */
export function readGuidelines({ server }) {
  if (server) localStorage.setItem(READ + server.id, String(server.guidelines));
}

/** @param {Part} part */
export async function people({ body, state, acts }) {
  const server = state.server;
  if (!server) return;
  body.append(server.by_password ? account(server.annotator, acts) : naming(server.annotator, acts), ...sessions(server, acts));
  if (server.n_contested) {
    body.append(el("p", { class: "statement" },
      `People differ on ${plural(server.n_contested, "item", "items")}. `, el("a", { href: "/settle" }, "Settle them")));
  }
  const told = await acts.tried(api.people());
  if (told) body.append(...figures(told));
}

/** @param {string} name @param {Acts} acts */
function account(name, acts) {
  return el("p", {}, `You have logged in as ${name}.`);
}

/** What the person is here, and who else may come in or stay.
 * @param {import("./types.js").Server} server @param {Acts} acts @returns {Node[]} */
function sessions(server, acts) {
  const told = el("p", { role: "status" });
  const others = button(server.by_password ? "Close the page everywhere else" : "Close the page in all other browsers", async () => {
    const done = await acts.tried(api.endOthers());
    if (done) told.textContent = `Closed: ${plural(done.ended, "other session", "other sessions")}.`;
  }, server.by_password ? "" : "for-owner");
  const row = el("p", { class: "row" }, el("span", { class: "quiet" }, ROLES[server.role]), button("Log out", acts.logOut), others);
  return server.by_password ? [row, told] : [row, links(told, acts), told];
}

const ROLES = {
  annotator: "You answer here.", settler: "You answer here, and settle what people differ on.", owner: "You are an owner of this project.",
};

/** @param {HTMLElement} told @param {Acts} acts */
function links(told, acts) {
  const make = async (/** @type {import("./types.js").Role} */ role) => {
    const made = await acts.tried(api.link(role));
    if (!made) return;
    const address = el("input", { type: "text", readonly: true, size: 48, "aria-label": "The link", value: `${location.origin}/#${made.token}` });
    told.replaceChildren(`For one browser of an ${role === "settler" ? "annotator who also settles" : role}: `, address);
    address.select();
  };
  return el("p", { class: "row for-owner" }, "A link for",
    button("an annotator", () => make("annotator")), button("a settler", () => make("settler")), button("an owner", () => make("owner")));
}

/** @param {string} name @param {Acts} acts */
function naming(name, acts) {
  const field = el("input", { type: "text", id: "own-name", maxlength: 60, autocomplete: "off", value: name });
  const form = el("form", { class: "row" }, el("label", { for: "own-name" }, "Your name"), field, el("button", { type: "submit" }, "Keep"));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    acts.setName(field.value.trim());
  });
  return form;
}

/** @param {Part} part */
export async function guidelines({ body, acts }) {
  const versions = await acts.tried(api.guidelines());
  if (!versions) return;
  const [now, ...before] = versions;
  const text = el("p", { class: "guidelines", dir: "auto" }, now?.text ?? "There are none yet. Write what everybody should know before the first answer.");
  const edit = button(now ? "Change" : "Write", () => body.replaceChildren(editor(now, acts)), now ? "for-owner" : "main for-owner");
  body.append(text, el("p", { class: "row" }, edit, el("span", { class: "quiet" }, now ? about(now) : "")));
  if (before.length) body.append(el("details", {}, el("summary", {}, "Earlier versions"), ...before.flatMap(old)));
}

/** @param {Guidelines} one @returns {Node[]} */
function old(one) {
  return [el("p", { class: "quiet" }, about(one)), el("p", { class: "guidelines", dir: "auto" }, one.text)];
}

/** @param {Guidelines} one */
function about(one) {
  const at = new Date(one.at);
  const time = Number.isNaN(at.valueOf()) ? "" : at.toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });
  return [`Version ${one.number}`, one.annotator, time].filter(Boolean).join(" · ");
}

/** @param {Guidelines | undefined} now @param {Acts} acts */
function editor(now, acts) {
  const field = el("textarea", { id: "guidelines-text", rows: 14, maxlength: 10_000, dir: "auto" }, now?.text ?? "");
  const form = el("form", { class: "editor" }, el("label", { for: "guidelines-text" }, "What everybody sees, as plain text"), field,
    el("p", { class: "row" }, el("button", { type: "submit", class: "main" }, "Keep as a new version")));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    acts.setGuidelines(field.value, now?.key ?? null);
  });
  return form;
}
