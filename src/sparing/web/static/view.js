// Draws the state. Each part is touched only where what it shows has changed.

import { boxesOf, chosenBox, isBoxes, labelOf, suggestedBoxes } from "./boxes.js";
import { drawBoxing } from "./boxing.js";
import { card } from "./cards.js";
import { classButtons } from "./class-buttons.js";
import { fields, written } from "./content.js";
import { drawCurve, percent } from "./curve.js";
import { button, byId, el, number, plural, sentence, show, write } from "./dom.js";
import { drawFind } from "./find.js";
import { guessed, suggested } from "./guesses.js";
import { keysOf } from "./keys.js";
import { isSeveral, labelsOffered, picked, worthALook } from "./labels.js";
import { drawMarking } from "./marking.js";
import { framed } from "./picture.js";
import { NONE } from "./reducer.js";
import { savedLine } from "./saved.js";
import { isSpans, spanIn, suggestedIn } from "./spans.js";

/** @typedef {import("./types.js").State} State */
/** @typedef {import("./types.js").Item} Item */
/** @typedef {import("./types.js").Server} Server */
/** @typedef {import("./main.js").Acts} Acts */

/** @param {State} state @param {State} before @param {Acts} acts */
export function render(state, before, acts) {
  document.body.classList.toggle("closed", state.server === null);
  drawStage(state, before, acts);
  drawMarking(state, before, acts);
  drawBoxing(state, before, acts);
  drawAbout(state);
  drawList(state);
  drawClasses(state, before, acts);
  drawFind(state, before, acts);
  drawComment(state, before);
  drawConflicts(state, before, acts);
  drawActions(state);
  savedLine(state);
  if (state.server) drawProgress(state, state.server, before.server);
  write("said", state.said);
  // Behind a dialog nobody would see it.
  write("notice", state.panel ? "" : state.notice);
  show("notice", state.notice !== "" && !state.panel);
  write("panel-notice", state.panel ? state.notice : "");
  show("panel-notice", state.notice !== "" && state.panel !== null);
}

/** @param {State} state @param {State} before @param {Acts} acts */
function drawStage(state, before, acts) {
  const on = state.refused ? null : state.item;
  const stage = byId("stage");
  stage.classList.toggle("zoomed", state.zoom);
  show("item", on !== null);
  show("card", on === null);
  if (on && on.item.item_id !== before.item?.item.item_id) {
    if (!isSpans(state) && !isBoxes(state)) byId("item").replaceChildren(shown(on.item));
    stage.scrollTo(0, 0);
  }
  if (state.zoom && !before.zoom) stage.scrollTo((stage.scrollWidth - stage.clientWidth) / 2, (stage.scrollHeight - stage.clientHeight) / 2);
  if (!on) {
    byId("item").replaceChildren();
    card(byId("card"), state, acts);
  }
}

/** @param {Item} item @returns {HTMLElement} */
function shown(item) {
  if (item.kind === "image") return framed(item);
  return item.kind === "text" ? written(item.text ?? "") : fields(item);
}

/** @param {State} state */
function drawAbout(state) {
  const one = state.item;
  write("item-name", one?.item.name ?? "");
  write("why", sentence(one?.why ?? ""));
  const marks = one ? [
    one.answer ? `${speaker(one.answer, state)} said: ${answered(one.answer)}.` : "",
    one.flagged ? "Flagged." : "",
    one.comment ? `Comment: ${one.comment}` : "",
    one.guess && (suggestedIn(state) || suggestedBoxes(state)) ? suggested(one.guess) : state.guesses && one.guess ? guessed(one.guess, isSeveral(state)) : "",
  ] : [];
  write("marks", marks.filter(Boolean).join(" "));
}

/** @param {import("./types.js").Answer} answer */
function answered({ class_name, spans, boxes }) {
  if (boxes) return boxes.length ? plural(boxes.length, "box", "boxes") : "no object";
  return spans ? spans.length ? `${spans.length} marked` : "nothing to mark" : class_name ?? "skipped";
}

/** @param {State} state */
function drawList({ list, item, queue, server }) {
  const left = (list?.rows.length ?? 0) + queue.length + (item ? 1 : 0);
  write("list-left", `Your list from the map: ${number(left)} left.`);
  show("list", list !== null && server?.phase === "label");
}

/** @param {import("./types.js").Answer} answer @param {State} state */
function speaker(answer, state) {
  const own = state.server?.annotator ?? "";
  return answer.annotator && answer.annotator !== own ? answer.annotator : "You";
}

/** @param {State} state @param {State} before @param {Acts} acts */
function drawClasses(state, before, acts) {
  const place = byId("classes");
  const rows = state.server?.classes ?? [];
  const names = [...rows.map((row) => row.name).filter((name) => name !== NONE), NONE];
  const isNew = classButtons(place, names, keysOf(state), acts.label);
  if (isNew && isSpans(state)) nameNothing(place, "nothing to mark");
  if (isNew && isBoxes(state)) nameNothing(place, "no object");
  show("classes", state.item !== null && rows.length > 0);
  if (isNew || state.item !== before.item || state.draft !== before.draft || state.guesses !== before.guesses
    || state.spans !== before.spans || state.chosen !== before.chosen || state.boxing !== before.boxing || state.boxLabel !== before.boxLabel) {
    mark(place, chosen(state), worthALook(state));
  }
}

/** @param {HTMLElement} place @param {string} words */
function nameNothing(place, words) {
  for (const child of place.querySelectorAll("button")) {
    const name = child.querySelector("span");
    if (child.dataset["name"] === NONE && name) name.textContent = words;
  }
}

/** What the buttons say of the item. @param {State} state @returns {readonly string[]} */
function chosen(state) {
  if (isBoxes(state)) return state.item ? [chosenBox(state)?.label ?? labelOf(state) ?? ""] : [];
  if (isSpans(state)) return state.item && spanIn(state) ? [spanIn(state)?.label ?? ""] : [];
  const { answer } = state.item ?? {};
  if (!isSeveral(state)) return answer?.class_name ? [answer.class_name] : [];
  const labels = picked(state);
  return !labels.length && labelsOffered(state) ? [NONE] : labels;
}

/** @param {HTMLElement} place @param {readonly string[]} names @param {readonly string[]} perhaps */
function mark(place, names, perhaps) {
  for (const child of place.querySelectorAll("button")) {
    const name = child.dataset["name"] ?? "";
    child.setAttribute("aria-pressed", String(names.includes(name)));
    child.classList.toggle("perhaps", perhaps.includes(name));
  }
}

/** @param {State} state @param {State} before */
function drawComment(state, before) {
  const open = state.mode === "comment";
  show("comment", open);
  if (!open || before.mode === "comment") return;
  const field = /** @type {HTMLInputElement} */ (byId("comment-text"));
  field.value = state.item?.comment ?? "";
  field.focus();
}

/** @param {State} state @param {State} before @param {Acts} acts */
function drawConflicts(state, before, acts) {
  if (state.conflicts === before.conflicts) return;
  const place = byId("conflicts");
  place.hidden = state.conflicts.length === 0;
  place.replaceChildren(...state.conflicts.map((one, index) => {
    const theirs = one.current?.class_name ?? "skipped";
    const ours = one.event.boxes ? plural(one.event.boxes.length, "box", "boxes") : one.event.spans ? `${one.event.spans.length} marked` : one.event.labels ? one.event.labels.join(", ") || NONE : one.event.class_name ?? "skip";
    const name = one.asked?.item.name ?? one.event.item_id ?? "";
    const who = one.current ? speaker(one.current, state) : "You";
    const where = who === "You" ? "in another window" : `by ${who}`;
    return el("p", {}, `${name} was answered ${where}: ${theirs}. `,
      button(`Keep ${theirs}`, () => acts.settle(index, false)),
      button(`Change to ${ours}`, () => acts.settle(index, true)));
  }));
}

const OF_BOXES = ["removeBox", "fourPoints", "copyBoxes", "fit"];

/** @param {State} state */
function drawActions(state) {
  if (isBoxes(state)) nameDone(boxesOf(state).length === 0 && state.item !== null);
  for (const one of document.querySelectorAll("#actions button")) {
    const node = /** @type {HTMLButtonElement} */ (one);
    if (node.dataset["do"] === "confirm") node.hidden = !isSeveral(state) && !isSpans(state) && !isBoxes(state);
    if (node.dataset["do"] === "like") node.hidden = isSeveral(state) || isSpans(state) || isBoxes(state);
    if (node.dataset["do"] === "zoom") node.hidden = isBoxes(state);
    if (OF_BOXES.includes(node.dataset["do"] ?? "")) node.hidden = !isBoxes(state);
    if (node.dataset["do"] === "fourPoints") node.setAttribute("aria-pressed", String(state.boxMode === "four"));
    if (node.dataset["do"] === "unmark") node.hidden = !isSpans(state);
    node.disabled = state.item === null && !["undo", undefined].includes(node.dataset["do"]);
    if (node.dataset["do"] === "flag") node.setAttribute("aria-pressed", String(state.item?.flagged ?? false));
    if (node.dataset["do"] === "zoom") node.setAttribute("aria-pressed", String(state.zoom));
  }
}

/** What Enter would say. @param {boolean} isEmpty */
function nameDone(isEmpty) {
  const words = document.querySelector("#actions [data-do=confirm]")?.firstChild, wanted = isEmpty ? "No object " : "All is right ";
  if (words && words.textContent !== wanted) words.textContent = wanted;
  const skip = document.querySelector("#actions [data-do=skip] kbd");
  if (skip && skip.textContent !== "S") {
    skip.textContent = "S";
    skip.parentElement?.setAttribute("aria-keyshortcuts", "s");
  }
}

/** @param {State} state @param {Server} server @param {Server | null} before */
function drawProgress(state, server, before) {
  if (server === before) return;
  write("name", server.name);
  document.title = `${server.name} – sparing`;
  const [count, of, share] = progress(server);
  write("count", number(count));
  write("count-of", of);
  /** @type {HTMLProgressElement} */ (byId("bar")).value = share;
  drawAccuracy(server, before);
  const [stop, advice] = server.advice;
  const labeling = server.phase === "label";
  write("advice", labeling ? advice : server.phase === "audit" ? sentence(server.audit?.sentence ?? "") : "");
  byId("advice").classList.toggle("stop", stop && labeling);
  drawCheck(server);
  drawModel(server);
}

/** @param {Server} server @returns {[number, string, number]} */
function progress(server) {
  if (server.phase === "audit" && server.audit) {
    const { n_drawn: drawn, n_answered: answered } = server.audit;
    return [answered, `of ${number(drawn)} checked`, drawn ? answered / drawn : 0];
  }
  if (server.phase === "hand-back") {
    return [server.n_remainder_left, "left for you", 1 - server.n_remainder_left / Math.max(1, server.n_items)];
  }
  const of = `of ${plural(server.n_items, "item", "items")} answered`;
  return [server.n_labeled, of, server.n_items ? server.n_labeled / server.n_items : 0];
}

/** @type {Record<string, string>} */
const WHAT = {
  labels: "An item counts as right if all of its labels are; ", spans: "F1 of spans, right in both ends and in class; ",
  boxes: "F1 of boxes, right in class and with half of their area shared; ",
};

/** @param {Server} server @param {Server | null} before */
function drawAccuracy(server, before) {
  const a = server.accuracy;
  write("accuracy-title", a && !a.rough ? "How good the model is" : "How good the model is, roughly");
  write("accuracy", a ? `about ${percent(a.estimate)}` : "not known yet");
  byId("accuracy").classList.toggle("unknown", a === null);
  write("interval", a ? `${percent(a.low)} to ${percent(a.high)}` : "");
  const all = a ? WHAT[server.kind] ?? "" : "";
  write("accuracy-note", all ? all + (a?.note ?? "") : sentence(a?.note ?? server.wanting));
  drawByLabel(server, before);
  if (JSON.stringify(server.curve) === JSON.stringify(before?.curve)) return;
  drawCurve(/** @type {SVGElement} */ (document.querySelector("#curve")), server.curve);
}

/** How often each label alone is right, the worst first.
 * @param {Server} server @param {Server | null} before */
function drawByLabel(server, before) {
  if (JSON.stringify(server.by_label) === JSON.stringify(before?.by_label)) return;
  const rows = Object.entries(server.by_label).sort((a, b) => a[1].estimate - b[1].estimate);
  show("by-label", rows.length > 0);
  byId("by-label-list").replaceChildren(...rows.map(([name, one]) =>
    el("li", {}, el("span", { dir: "auto" }, name), ` ${percent(one.estimate)}, ${percent(one.low)} to ${percent(one.high)}`)));
}

/** @param {Server} server */
function drawCheck(server) {
  const node = byId("check");
  const text = server.phase === "label" ? "Check now" : "About the check";
  if (node.textContent !== text) node.textContent = text;
  node.classList.toggle("main", server.advice[0] && server.phase === "label");
}

/** @param {Server} server */
function drawModel(server) {
  const [trainer, message] = server.trainer;
  const model = server.n_learned ? `Model ${server.model_version}. ` : "";
  write("model", `${model}${work(server, trainer)} ${trainer === "failed" ? "" : sentence(message)}`.trim());
  write("trouble", trainer === "failed" ? message : "");
  show("trouble", trainer === "failed");
  const notes = [...server.notes, ...server.seen_by, ...server.weighed];
  show("notes", notes.length > 0);
  show("unmatched", server.n_unmatched > 0);
  const unmatched = `Find ${plural(server.n_unmatched, "item", "items")} again`;
  for (const node of byId("unmatched").children) if (node.textContent !== unmatched) node.textContent = unmatched;
  const list = byId("notes-list");
  if (list.textContent !== notes.join("")) {
    list.replaceChildren(...notes.map((note) => el("li", {}, note)));
  }
}

/** What the trainer is at. @param {Server} server @param {string} trainer */
function work({ n_labeled, n_learned }, trainer) {
  if (trainer === "encoding") return "Getting to know the items.";
  if (trainer !== "training") return "";
  if (!n_labeled) return "Working out what to ask first.";
  return `A ${n_learned ? "newer one" : "model"} is learning from your answers.`;
}
