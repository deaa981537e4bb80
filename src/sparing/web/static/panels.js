// The dialogs: history, look again, classes, export, the check, and the keys.

import { api, smallUrl } from "./api.js";
import { isBoxes } from "./boxes.js";
import { button, byId, el, number, plural, release, sentence, show, write } from "./dom.js";
import { keysOf } from "./keys.js";
import { matching } from "./matching.js";
import { mayAdd } from "./reducer.js";
import { guidelines, people } from "./people.js";
import { isSpans } from "./spans.js";

/** @typedef {import("./types.js").State} State */
/** @typedef {import("./types.js").Item} Item */
/** @typedef {import("./types.js").HistoryRow} HistoryRow */
/** @typedef {import("./types.js").Marked} Marked */
/** @typedef {import("./main.js").Acts} Acts */
/** @typedef {{body: HTMLElement, state: State, acts: Acts}} Part */

const PAUSE = 150; // ms after a letter in the search
/** @type {Record<string, string>} */
const TITLES = {
  history: "History", doubts: "Look again", classes: "Classes", export: "Export", check: "Check",
  keys: "Keys and settings", people: "People", guidelines: "Guidelines",
  matching: "Not in the source",
};

/** Open, close or change the dialog.
 * @param {State} state @param {State} before @param {Acts} acts */
export function drawPanel(state, before, acts) {
  const dialog = /** @type {HTMLDialogElement} */ (byId("panel"));
  if (!state.panel) {
    dialog.close();
    return release(dialog);
  }
  const redrawn = state.panel === "classes" && named(state) !== named(before);
  if (state.panel === before.panel && !redrawn) return recount(state);
  const body = byId("panel-body");
  byId("panel-title").textContent = TITLES[state.panel] ?? "";
  body.replaceChildren();
  PANELS[state.panel]?.({ body, state, acts });
  if (!dialog.open) dialog.showModal();
  const field = /** @type {HTMLElement | null} */ (body.querySelector("input:not([type=checkbox])"));
  field?.focus(); // not a box: Space, pressed too soon, would set it
}

/** @type {Record<string, (part: Part) => void>} */
const PANELS = { history, doubts, classes, export: exporting, check, keys, people, guidelines, matching };

/** @param {Part} part */
function history({ body, acts }) {
  const search = el("input", { type: "search", id: "search", placeholder: "Name, text, class or comment", autocomplete: "off" });
  const which = el("select", { id: "marked" }, ...MARKED.map(([value, name]) => el("option", { value }, name)));
  const list = el("ul", { class: "rows" });
  const more = button("Show more", () => fill(list.childElementCount));
  const found = el("p", { class: "quiet", role: "status" });
  let latest = 0;
  const fill = async (/** @type {number} */ offset) => {
    const mine = ++latest;
    const { total, rows } = await acts.tried(api.history(search.value, /** @type {Marked} */ (which.value), offset)) ?? { total: 0, rows: [] };
    if (mine !== latest) return;
    if (!offset) list.replaceChildren();
    list.append(...rows.map((row) => line(row.item, said(row), about(row), acts)));
    found.textContent = which.value ? plural(total, "item", "items") : plural(total, "answer", "answers");
    more.hidden = list.childElementCount >= total;
  };
  let timer = 0;
  search.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(() => fill(0), PAUSE); });
  which.addEventListener("change", () => fill(0));
  body.append(el("p", { class: "row" }, el("label", { for: "search" }, "Search"), search, el("label", { for: "marked" }, "in"), which),
    found, list, more);
  fill(0);
}

/** @type {[Marked, string][]} */
const MARKED = [["", "all answers"], ["flagged", "what is flagged"], ["skipped", "what was skipped"], ["commented", "what has a comment"]];

/** @param {HistoryRow} row */
function said({ answer }) {
  return answer ? answer.class_name ?? "skipped" : "";
}

/** @param {HistoryRow} row */
function about(row) {
  const at = new Date(row.answer?.at ?? "");
  const time = Number.isNaN(at.valueOf()) ? "" : at.toLocaleString(undefined, { dateStyle: "short", timeStyle: "short" });
  return [time, row.flagged ? "flagged" : "", row.comment].filter(Boolean).join(" · ");
}

/** @param {Item} item @param {string} answer @param {string} detail @param {Acts} acts */
function line(item, answer, detail, acts) {
  const picture = item.kind === "image"
    ? el("img", { src: smallUrl(item.item_id), alt: "", loading: "lazy" }) : "";
  const text = item.kind === "image" ? item.name : excerpt(item);
  return el("li", {}, picture,
    el("span", { class: "what", dir: "auto" }, text), el("strong", { dir: "auto" }, answer || "no answer"),
    el("span", { class: "quiet" }, detail), button(answer ? "Change" : "Answer", () => acts.open(item.item_id)));
}

/** @param {Item} item */
function excerpt(item) {
  const text = item.text ?? Object.values(item.fields ?? {}).join(" · ");
  return text.length > 140 ? `${text.slice(0, 140)}…` : text;
}

/** @param {Part} part */
async function doubts({ body, state, acts }) {
  body.append(el("p", {}, "Answers that the model, trained without them, finds unlikely: the mistakes are among them, and so are the hard items."));
  if (state.server?.phase === "audit") return body.append(el("p", {}, "Closed while a check is running."));
  const rows = await acts.tried(api.doubts()) ?? [];
  if (!rows.length) return body.append(el("p", {}, "Nothing stands out so far."));
  const lines = rows.map((one) => line(one.asked.item, one.asked.answer?.class_name ?? "skipped", sentence(one.reason), acts));
  return body.append(el("ul", { class: "rows" }, ...lines));
}

/** @param {Part} part */
function classes({ body, state, acts }) {
  const rows = state.server?.classes ?? [];
  const name = el("input", { type: "text", id: "new-class", maxlength: 200, autocomplete: "off" });
  const form = el("form", { class: "row" }, el("label", { for: "new-class" }, "New class"), name, el("button", { type: "submit" }, "Add"));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (name.value.trim()) acts.addClass(name.value.trim());
  });
  form.hidden = !mayAdd(state);
  const may = setting("Annotators may add classes.", state.server?.may_add_classes ?? true, (on) => { acts.tried(api.setRights(on)); });
  may.classList.add("for-owner");
  body.append(form, el("ul", { class: "rows" }, ...rows.map((_, i) => classRow(i, rows, keysOf(state), unitOf(state), acts))), may);
  body.append(el("p", { class: "quiet for-owner" }, "Merging moves all labels of a class to another; a class without labels can be deleted. Backspace takes each back."));
}

/** What is counted of a class: one, and several. @param {State} state @returns {readonly [string, string]} */
function unitOf(state) {
  return isBoxes(state) ? ["box", "boxes"] : isSpans(state) ? ["span", "spans"] : ["label", "labels"];
}

/** @param {State} state */
function named({ server }) {
  return JSON.stringify(server?.classes.map((row) => [row.name, row.place]));
}

/** Only the numbers change with the news: a name that is being typed stays.
 * @param {State} state */
function recount(state) {
  if (state.panel !== "classes") return;
  state.server?.classes.forEach((row, i) => {
    write(`count-${i}`, plural(row.count, ...unitOf(state)));
    show(`count-${i}`, row.count > 0);
    show(`delete-${i}`, row.count === 0);
  });
}

/** @param {number} i @param {readonly import("./types.js").ClassRow[]} rows
 * @param {ReadonlyMap<string, string>} keys @param {readonly [string, string]} unit @param {Acts} acts */
function classRow(i, rows, keys, unit, acts) {
  const row = /** @type {import("./types.js").ClassRow} */ (rows[i]);
  const name = el("input", { type: "text", value: row.name, maxlength: 200, "aria-label": `Name of ${row.name}`, autocomplete: "off" });
  const rename = button("Rename", () => acts.renameClass(row.name, name.value.trim()), "for-owner");
  const into = el("select", { class: "for-owner", "aria-label": `Merge ${row.name} into` }, el("option", { value: "" }, "Merge into …"),
    ...rows.filter((other) => other !== row).map((other) => el("option", { value: other.name }, other.name)));
  into.addEventListener("change", () => acts.mergeClass(row.name, into.value));
  const gone = button("Delete", () => acts.deleteClass(row.name), "for-owner");
  gone.setAttribute("aria-label", `Delete ${row.name}`);
  gone.id = `delete-${i}`;
  gone.hidden = row.count > 0;
  const key = keys.get(row.name) ?? "/";
  return el("li", { class: "class-row" }, el("kbd", {}, key.toUpperCase()), name, rename, into,
    el("span", { class: "quiet", id: `count-${i}`, hidden: row.count === 0 }, plural(row.count, ...unit)), gone);
}

/** What goes out beside the tables and Label Studio's tasks, by what an answer is.
 * @type {Record<"classes" | "spans" | "boxes", {files: [string, string][], folders: [import("./api.js").FolderForm, string][]}>} */
const OUT = {
  classes: { files: [], folders: [["folders", "A folder for each class"], ["hf", "A data set of Hugging Face"]] },
  spans: { files: [["conll", "CoNLL"], ["doccano", "doccano"], ["prodigy", "Prodigy, spaCy"]], folders: [["brat", "A folder for brat"], ["hf", "A data set of Hugging Face"]] },
  boxes: { files: [["coco", "COCO"], ["cvat", "CVAT"]], folders: [["yolo", "A folder for YOLO"], ["voc", "A folder of Pascal VOC"], ["hf", "A data set of Hugging Face"]] },
};

/** @param {Part} part */
function exporting({ body, state, acts }) {
  if (state.outbox.length) {
    body.append(el("p", { class: "trouble" }, `${plural(state.outbox.length, "answer is", "answers are")} not saved yet and would be missing.`));
  }
  body.append(el("p", {}, "Every row says where its label is from: a person, a guess that a person confirmed, a whole cluster that was labeled at once, a decision or a consensus where people differ, or the model alone. They are never mixed."));
  const links = ["csv", "jsonl", "parquet"].map((format) => el("li", {},
    el("a", { href: `/api/export?format=${format}`, download: true }, format === "parquet" ? "Parquet" : format.toUpperCase())));
  links.push(el("li", {}, el("a", { href: "/api/export?format=label-studio", download: true }, "Label Studio")));
  const where = el("p", { role: "status" });
  const { files, folders } = OUT[isBoxes(state) ? "boxes" : isSpans(state) ? "spans" : "classes"];
  const own = files.map(([format, name]) => el("li", {},
    el("a", { href: `/api/export?format=${format}`, download: true }, name)));
  const made = (/** @type {string} */ name, /** @type {import("./api.js").FolderForm} */ form) => button(name, async () => {
    const told = await acts.tried(api.folders(form));
    where.textContent = told ? `${told.sentence} ${told.folder}` : "";
  });
  body.append(el("ul", { class: "links" }, ...links, ...own));
  body.append(el("p", { class: "row" }, ...folders.map(([form, name]) => made(name, form))), where);
}

const CLAIMS = [0.01, 0.02, 0.05, 0.1];

/** @param {Part} part */
function check({ body, state, acts }) {
  const server = state.server;
  if (server?.phase !== "label") return running(body, state, acts);
  const choice = el("select", { id: "claim" }, ...CLAIMS.map((share) =>
    el("option", { value: share, selected: share === 0.05 }, `${100 * share} % of the labels`)));
  const plan = el("p", { class: "statement", role: "status" });
  const note = el("p", { class: "quiet" });
  const begin = button("Draw the items", () => acts.audit(Number(choice.value)), "main for-owner");
  const look = async () => {
    const made = await acts.tried(api.plan(Number(choice.value)));
    plan.textContent = made ? price(made) : "";
    note.textContent = made ? [made.ahead, made.note].filter(Boolean).join(" ") : "";
    begin.disabled = !made || made.n_audited === 0;
  };
  choice.addEventListener("change", look);
  body.append(
    el("p", {}, "Items are drawn at random and shown without any guess. Your answers then show, with 95 % certainty, that no more labels of the finished data set are wrong than you allow here."),
    el("p", {}, el("label", { for: "claim" }, "At most wrong: "), choice), plan, el("p", {}, begin), note);
  return look();
}

/** @param {import("./types.js").Plan} plan */
function price(plan) {
  if (!plan.n_audited) return plan.sentence;
  const left = `about ${number(plan.expected_remainder)} that the result leaves to you`;
  const typical = plan.expected_audits + plan.expected_remainder;
  const most = plan.most > typical ? `, seldom more than ${number(plan.most)} in all` : "";
  return `About ${plural(plan.expected_audits, "answer", "answers")} now, then ${left}${most}; the model labels about ${number(plan.expected_auto)}.`;
}

/** @param {HTMLElement} body @param {State} state @param {Acts} acts */
function running(body, state, acts) {
  const server = state.server;
  if (server?.audit) body.append(el("p", { class: "statement" }, server.audit.sentence), el("p", {}, `${number(server.audit.n_answered)} of ${number(server.audit.n_drawn)} are answered.`));
  if (server?.certificate) body.append(el("p", { class: "statement" }, server.certificate.statement));
  body.append(
    el("p", {}, "You may go back to labeling. The check is then spent. The next one draws new items and is stricter: whoever may try often enough would pass by luck."),
    el("p", {}, button("Stop the check and label more", acts.resume, "for-owner")));
}

/** @type {[string, string][]} */
const KEYS_OF_SPANS = [
  ["← →", "choose the word before or after; with Shift more of them, or fewer"], ["Home, End", "to the first word, to the last"],
  ["1 – 9, then letters", "mark what is chosen, or change the class of what is marked there; with Shift the same words wherever they are"],
  ["Tab, Shift Tab", "to the next mark, to the one before"], ["[ and ]", "move its beginning, its end, outwards; { and } inwards"],
  ["Delete", "take it off"], ["Enter", "all is marked: on to the next; accepts what is suggested as it stands"], ["0 (or -)", "nothing to mark"],
];
/** @type {[string, string][]} */
const KEYS_OF_BOXES = [
  ["Click, click or drag", "a box from corner to corner; its sides and corners can be dragged, its name moves it"],
  ["E", "four points: the outermost of the object on each side; again: two corners"], ["N", "a new box in the middle of what is seen"],
  ["1 – 9, then letters", "the class of the chosen box, and of those to come"],
  ["Tab, Shift Tab", "to the next box, to the one before"], ["← ↑ → ↓", "move the chosen box by a pixel; with Shift by ten"],
  ["Q, W", "take its upper left, its lower right corner: arrows move that; again: let go"], ["X or Delete", "take the chosen box off"],
  ["V", "copy the boxes of the picture answered before"],
  ["Wheel, +, –", "zoom; two fingers zoom and move"], ["Space and drag", "move the picture"], ["Z", "to the chosen box, and back to all of the picture"],
  ["Enter", "all of this is right: on to the next; without a box: no object"], ["0 (or -)", "no object"], ["S", "skip"],
  ["Esc", "drop what is begun; let go of a corner, of the box; close"],
];
const OTHERWISE_OF_BOXES = ["Space", "Z", "Esc"];
const OTHERWISE = ["1 – 9, then letters", "0 (or -)", "Enter", "="]; // they mean something else there
/** @type {[string, string][]} */
const KEYS = [
  ["1 – 9, then letters", "label with the class that shows the key; with several labels an item: choose it, or take it off"], ["0 (or -)", "none of these"],
  ["/", "find a class by its letters, or name a new one"], ["Enter", "confirm the guess, where guesses are shown; with several labels an item: done, on to the next"],
  ["Backspace", "take the last step back, any number of times"], ["Space", "skip"], ["F", "flag; History and the export show it"],
  ["C", "comment"], ["G", "guidelines"], ["Z", "zoom"], ["=", "more like this, as a grid"], ["?", "this list"],
  ["Esc", "close"],
];

/** @param {Part} part */
function keys({ body, state, acts }) {
  const list = el("dl", { class: "keys" });
  const others = KEYS.filter(([key]) => !OTHERWISE.includes(key));
  const ofBoxes = others.filter(([key]) => !OTHERWISE_OF_BOXES.includes(key));
  const rows = isBoxes(state) ? [...KEYS_OF_BOXES, ...ofBoxes] : isSpans(state) ? [...KEYS_OF_SPANS, ...others] : KEYS;
  for (const [key, what] of rows) list.append(el("dt", {}, el("kbd", {}, key)), el("dd", {}, what));
  body.append(list,
    setting("Show the model's guess, and let Enter confirm it. Off at first, because seeing a guess draws answers towards it.",
      state.guesses, (on) => acts.setting("guesses", on)),
    setting("Single keys answer. Turn off if you dictate or use a switch.", state.singleKeys, (on) => acts.setting("singleKeys", on)));
}

/** @param {string} text @param {boolean} on @param {(on: boolean) => void} change */
function setting(text, on, change) {
  const box = el("input", { type: "checkbox", checked: on });
  box.addEventListener("change", () => change(box.checked));
  return el("p", {}, el("label", { class: "setting" }, box, el("span", {}, text)));
}
