// What stands in place of an item when there is none: waiting, the end of a phase, the certificate.

import { button, el, number, plural } from "./dom.js";
import { percent } from "./curve.js";

/** @typedef {import("./types.js").State} State */
/** @typedef {import("./types.js").Server} Server */
/** @typedef {import("./types.js").Certificate} Certificate */
/** @typedef {import("./main.js").Acts} Acts */

/** @param {HTMLElement} place @param {State} state @param {Acts} acts */
export function card(place, state, acts) {
  const which = state.refused ? "refused" : kind(state);
  const stamp = `${which} ${state.server?.n_contested ?? 0} ${state.refused} ${state.server?.certificate?.statement ?? ""} ${state.server?.since_certified.join(" ") ?? ""} ${state.server?.n_skipped ?? ""} ${state.elsewhere}`;
  if (place.dataset["stamp"] === stamp) return; // the same card keeps its focus
  place.dataset["stamp"] = stamp;
  place.replaceChildren(...(CARDS[which]?.(state, acts) ?? []));
}

/** @param {State} state @returns {string} */
function kind({ server, exhausted, handing, elsewhere }) {
  if (!server) return "waiting";
  if (server.phase === "certified" && !handing) return "certified";
  if (server.phase === "done") return "done";
  if (server.phase === "audit" && server.audit && server.audit.n_answered >= server.audit.n_drawn) return "checked";
  if (elsewhere) return "elsewhere";
  if (exhausted && server.phase === "hand-back" && server.n_contested) return "differ";
  return exhausted && server.phase === "label" ? "empty" : "waiting";
}

/** @type {Record<string, (state: State, acts: Acts) => Node[]>} */
const CARDS = {
  refused: ({ refused }) => [title("This page is closed"), el("p", {}, refused)],
  waiting: () => [el("p", { class: "waiting" }, "The next item is on its way.")],
  elsewhere: ({ elsewhere }) => [
    title("The others have the rest"),
    el("p", {}, `${plural(elsewhere, "item is", "items are")} on other screens. What is left there comes here.`),
  ],
  empty: ({ server }, acts) => [
    title("Every item has an answer"),
    el("p", {}, server?.n_skipped ? `${plural(server.n_skipped, "item was", "items were")} skipped; History brings them back.` : ""),
    row(button("Export", () => acts.panel("export"), "main for-owner"), button("History", () => acts.panel("history"))),
  ],
  differ: ({ server }) => [
    title("People differ on what is left"),
    el("p", {}, `${plural(server?.n_remainder_left ?? 0, "item is", "items are")} left, and ${plural(server?.n_contested ?? 0, "waits", "wait")} for somebody to settle what holds.`),
    row(el("a", { href: "/settle" }, "Settle them")),
  ],
  checked: ({ server }, acts) => [
    title("The check is answered"),
    el("p", {}, `All ${number(server?.audit?.n_drawn ?? 0)} drawn items have your answer. They now show how often the model is right.`),
    ...(server?.n_contested ? [el("p", {}, `People differ on ${plural(server.n_contested, "item", "items")}. Of those that were drawn, each counts as an error of the model until somebody settles it. `, el("a", { href: "/settle" }, "Settle them"))] : []),
    row(button("Work out the result", acts.certify, "main for-owner")),
  ],
  certified: ({ server }, acts) => certified(server, acts),
  done: ({ server }, acts) => [
    title("Done"), ...(server?.certificate ? evidence(server.certificate, server) : []),
    row(button("Export", () => acts.panel("export"), "main for-owner"), button("Label more", acts.resume, "for-owner")),
    ...(server?.certificate ? small(server.certificate) : []),
  ],
};

/** @param {Server | null} server @param {Acts} acts @returns {Node[]} */
function certified(server, acts) {
  const one = server?.certificate;
  if (!one) return [title("The check is over"), row(button("Label more", acts.resume, "for-owner"))];
  const items = plural(one.n_handback, "item", "items");
  return [
    title("The result"), ...evidence(one, server),
    el("p", {}, `It holds once you have labeled the ${items} of which the model is least sure. Labeling more first makes that fewer, but needs a new check.`),
    row(button(`Label the ${items}`, acts.handBack, "main"), button("Label more first", acts.resume, "for-owner")),
    ...small(one),
  ];
}

/** @type {Record<string, string>} */
const RIGHT = {
  spans: "A text is right if all of its spans are.", labels: "An item is right if all of its labels are.",
  boxes: "A picture is right if all of its boxes are.",
};

/** What it says, and right below it what holds now: totals change where items are left out.
 * @param {Certificate} one @param {Server} server @returns {Node[]} */
function evidence(one, { since_certified: since, kind }) {
  const facts = el("dl", { class: "fields" });
  const wrong = `${number(one.n_wrong)} of ${number(one.n_audited)}`;
  for (const [name, value] of /** @type {[string, string][]} */ ([
    ["Wrong in the check", wrong], ["Labels by people", number(one.n_by_people)],
    ["Labels by the model", number(one.n_auto)], ["Left to you by hand", number(one.n_handback)],
  ])) facts.append(el("dt", {}, name), el("dd", {}, value));
  if (one.units?.n_units) facts.append(el("dt", {}, `Right of the model's ${one.units.noun}`), el("dd", {}, `${percent(one.units.least_right)} or more`));
  const now = since.map((said) => el("p", { class: "statement since" }, said));
  return [el("p", { class: "statement" }, one.statement), ...now, facts, ...(kind === "class" ? recall(one) : [el("p", { class: "quiet" }, RIGHT[kind] ?? "")])];
}

/** @param {Certificate} one @returns {Node[]} */
function small(one) {
  const file = el("a", { href: "/api/certificate", download: true }, "The certificate as a file");
  return [
    ...one.notes.map((note) => el("p", { class: "quiet" }, note)),
    el("p", { class: "quiet" }, file, " names its evidence; anyone can check it."),
  ];
}

/** @param {Certificate} one @returns {Node[]} */
function recall(one) {
  const rows = Object.entries(one.recall).map(([name, low]) => el("li", {}, `${name}: at least ${percent(low)}`));
  if (!rows.length) return [];
  return [el("details", {}, el("summary", {}, "How much of each class is found"), el("ul", {}, ...rows))];
}

/** @param {string} text */
function title(text) {
  return el("h2", {}, text);
}

/** @param {...Node} children */
function row(...children) {
  return el("p", { class: "row" }, ...children);
}
