// What stands around the map: the legend, the picked item, what was selected, how far the map is.

import { mediaUrl } from "./api.js";
import { button, byId, el, number, plural, sentence, show, write } from "./dom.js";
import { believed } from "./guesses.js";
import { LONGEST } from "./list.js";
import { RINGS } from "./map-canvas.js";
import { palette } from "./map-palette.js";
import { better, counted } from "./map-reducer.js";
import { savedLine } from "./saved.js";

/** @typedef {import("./map-types.js").MapState} MapState */
/** @typedef {import("./types.js").Asked} Asked */
/** @typedef {import("./map.js").MapActs} MapActs */

const SVG = "http://www.w3.org/2000/svg";
const LONG = 280; // characters of a text that are shown
const BRIEF = 60;

/** @param {MapState} state @param {MapState} before @param {MapActs} acts */
export function renderMap(state, before, acts) {
  document.body.classList.toggle("closed", state.server === null);
  drawHead(state);
  drawStage(state);
  if (state.legend !== before.legend || state.only !== before.only) drawLegend(state, acts);
  if (state.selected !== before.selected || state.listed !== before.listed) drawSelection(state, acts);
  if (state.picked !== before.picked) drawPicked(state);
  drawWork(state);
  write("said", state.said);
  write("notice", state.notice);
  show("notice", state.notice !== "");
}

/** @param {MapState} state */
function drawHead(state) {
  const { server } = state;
  if (server) {
    write("name", server.name);
    document.title = `Map of ${server.name} – sparing`;
  }
  savedLine(state);
}

/** @param {MapState} state */
function drawStage(state) {
  const { refused, maps, kind, tool, server } = state;
  const waiting = maps && !maps.kinds.length ? "The items are still being read; the map comes right after." : "";
  const text = refused || (kind ? "" : waiting);
  write("map-card", text);
  show("map-card", text !== "");
  show("better", better(state) !== null);
  byId("map").classList.toggle("lasso", tool === "lasso");
  document.querySelector("[data-map=lasso]")?.setAttribute("aria-pressed", String(tool === "lasso"));
  if (server) byId("map").setAttribute("aria-label", `The map of ${plural(server.n_items, "item", "items")}`);
  for (const option of document.querySelectorAll("#kind option")) {
    const one = /** @type {HTMLOptionElement} */ (option);
    one.disabled = !maps?.kinds.some((there) => there === one.value);
    one.selected = one.value === kind;
  }
}

/** @param {MapState} state @param {MapActs} acts */
function drawLegend({ legend, names, only, by }, acts) {
  const dark = matchMedia("(prefers-color-scheme: dark)").matches;
  const colors = palette(names.length, by === "confidence", dark);
  const focused = /** @type {HTMLElement | null} */ (document.activeElement)?.dataset["code"];
  byId("legend").replaceChildren(...legend.map(({ code, name, count }) => {
    const row = button("", () => acts.only(code));
    row.append(swatch(colors[code] ?? ""), el("span", { dir: "auto" }, name), el("span", { class: "count" }, number(count)));
    row.setAttribute("aria-pressed", String(only === code));
    row.dataset["code"] = String(code);
    return el("li", {}, row);
  }));
  /** @type {HTMLElement | null} */ (document.querySelector(`#legend [data-code="${focused}"]`))?.focus();
}

/** @param {string} color */
function swatch(color) {
  const drawing = document.createElementNS(SVG, "svg");
  const dot = document.createElementNS(SVG, "circle");
  for (const [name, value] of Object.entries({ viewBox: "0 0 10 10", "aria-hidden": "true" })) drawing.setAttribute(name, value);
  for (const [name, value] of Object.entries({ cx: "5", cy: "5", r: "5", fill: color })) dot.setAttribute(name, value);
  drawing.append(dot);
  return drawing;
}

/** @param {MapState} state @param {MapActs} acts */
function drawSelection(state, acts) {
  const { selected, unanswered, listed, server, sought } = state;
  show("selection", selected.length > 0 || sought !== null);
  for (const part of ["selection-list", "selection-acts"]) show(part, selected.length > 0);
  write("selection-count", counted(state));
  write("selection-rings", sought !== null && selected.length > RINGS ? `The first ${number(RINGS)} bear a ring on the map.` : "");
  const checking = server?.phase === "audit";
  offer("label-them", unanswered.length, checking, (n) => `Label the ${n} without an answer`);
  offer("look-at-them", selected.length, checking, (n) => `Look through all ${n}`);
  byId("selection-list").classList.toggle("texts", listed.some(({ asked }) => asked.item.kind !== "image"));
  byId("selection-list").replaceChildren(...listed.map(({ row, asked }) => {
    const tile = button("", () => acts.pick(row));
    tile.append(brief(asked));
    tile.title = caption(asked);
    return el("li", {}, tile);
  }));
}

/** A button for as many as one list may hold.
 * @param {string} id @param {number} n @param {boolean} checking
 * @param {(n: string) => string} words */
function offer(id, n, checking, words) {
  const node = /** @type {HTMLButtonElement} */ (byId(id));
  node.disabled = n === 0 || checking;
  node.textContent = words(number(Math.min(n, LONGEST)));
}

/** @param {Asked} asked */
function brief({ item }) {
  if (item.kind === "image") return el("img", { src: `${mediaUrl(item.item_id)}?small=true`, alt: item.name, loading: "lazy" });
  return el("span", { dir: "auto" }, cut(words(item), BRIEF));
}

/** @param {import("./types.js").Item} item */
function words(item) {
  return item.text ?? Object.values(item.fields ?? {}).join(" · ");
}

/** @param {string} text @param {number} length */
function cut(text, length) {
  return text.length > length ? `${text.slice(0, length - 1)}…` : text;
}

/** The item's name, and its label or guess.
 * @param {Asked} asked */
export function caption({ item, answer, guess }) {
  if (answer) return `${item.name}: ${answer.class_name ?? "skipped"}`;
  return guess ? `${item.name}: probably ${believed(guess)}` : item.name;
}

/** @param {MapState} state */
function drawPicked({ picked }) {
  show("picked", picked !== null);
  if (!picked) return;
  const { item, answer, guess, why, flagged, comment } = picked.asked;
  byId("picked-item").replaceChildren(whole(picked.asked));
  /** @type {[string, string][]} */
  const facts = [
    ["Name", item.name],
    ["Label", answer ? answer.class_name ?? "skipped" : "none yet"],
    ["By", answer?.annotator ?? ""],
    ["Guess", guess ? believed(guess) : ""],
    ["Why", sentence(why)],
    ["Marks", [flagged ? "Flagged." : "", comment].filter(Boolean).join(" ")],
  ];
  byId("picked-facts").replaceChildren(...facts.filter(([, value]) => value)
    .flatMap(([name, value]) => [el("dt", {}, name), el("dd", { dir: "auto" }, value)]));
}

/** @param {Asked} asked */
function whole({ item }) {
  if (item.kind !== "image") return el("p", { class: "text", dir: "auto" }, cut(words(item), LONG));
  const image = el("img", { src: mediaUrl(item.item_id), alt: item.name });
  image.addEventListener("load", () => image.classList.toggle("tiny", Math.max(image.naturalWidth, image.naturalHeight) <= 128));
  return image;
}

/** A small card beside the pointer, or nothing.
 * @param {Asked | null} asked @param {import("./map-types.js").Point} [at] @param {import("./map-types.js").Size} [size] */
export function drawHover(asked, at = { x: 0, y: 0 }, size = { width: 0, height: 0 }) {
  show("hover", asked !== null);
  if (!asked) return;
  const node = byId("hover");
  node.replaceChildren(brief(asked), el("span", {}, caption(asked)));
  const x = at.x + 16 + node.offsetWidth > size.width ? at.x - 16 - node.offsetWidth : at.x + 16;
  const y = Math.max(8, Math.min(size.height - node.offsetHeight - 8, at.y - node.offsetHeight / 2));
  node.style.transform = `translate(${Math.round(x)}px, ${Math.round(y)}px)`;
}

/** @param {MapState} state */
function drawWork({ maps, server }) {
  const { progress = null, trouble = "" } = maps ?? {};
  const share = progress ? Math.floor((100 * progress.done) / Math.max(1, progress.total)) : 0;
  const blind = server?.phase === "audit" ? "A check is open: its items have no color, and no guess is shown. " : "";
  write("map-work", blind + (trouble || (progress ? `The map of neighbors: ${progress.what}, ${share} %.` : "")));
}
