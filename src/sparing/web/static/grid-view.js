// Draws the grid. Each part is touched only where what it shows has changed.

import { classButtons } from "./class-buttons.js";
import { glimpse, whole } from "./content.js";
import { button, byId, el, number, plural, release, sentence, show, write } from "./dom.js";
import { classKeys } from "./grid-keys.js";
import { classNames, counts, isChosen, tiles } from "./grid-reducer.js";
import { savedLine } from "./saved.js";

/** @typedef {import("./grid-types.js").GridState} GridState */
/** @typedef {import("./grid-types.js").Check} Check */
/** @typedef {import("./types.js").Asked} Asked */
/** @typedef {import("./grid-main.js").GridActs} GridActs */

const SLACK = 2; // pixels that a tile may stick out by
const SMALL = 128; // pixels of a tile for which the small copy of a picture is enough

/** @param {GridState} state @param {GridState} before @param {GridActs} acts */
export function render(state, before, acts) {
  document.body.classList.toggle("closed", state.server === null);
  if (state.server && state.server !== before.server) {
    write("name", state.server.name);
    document.title = `${state.server.name} – grid – sparing`;
  }
  drawSources(state, before, acts);
  drawLine(state);
  drawStage(state, before, acts);
  drawBar(state, acts);
  savedLine(state);
  drawKeys(state);
  write("said", state.said);
  write("notice", state.notice);
  show("notice", state.notice !== "");
}

/** @param {GridState} state @param {GridState} before @param {GridActs} acts */
function drawSources(state, before, acts) {
  for (const one of byId("tabs").querySelectorAll("button")) {
    one.setAttribute("aria-pressed", String(one.dataset["tab"] === state.tab));
  }
  show("search", state.tab === "search");
  show("choices", state.tab !== "search");
  const { overview, tab, of, server } = state;
  if (overview === before.overview && tab === before.tab && of === before.of && server?.classes === before.server?.classes) return;
  const place = byId("choices");
  const focused = /** @type {HTMLElement | null} */ (document.activeElement)?.dataset["choice"];
  const made = tab === "cluster" ? clusterChoices(state, acts) : tab === "search" ? [] : classChoices(state, acts);
  place.classList.toggle("pictures", tab === "cluster");
  place.replaceChildren(...made);
  if (focused) /** @type {HTMLElement | null} */ (place.querySelector(`[data-choice="${CSS.escape(focused)}"]`))?.focus();
}

/** @param {GridState} state @param {GridActs} acts */
function classChoices({ overview, tab, of, server }, acts) {
  const rare = tab === "rare";
  const rows = server?.classes ?? [];
  if (!rows.length) return [el("p", { class: "quiet" }, "Name the first class on the page Label.")];
  return rows.map(({ name, count }) => {
    const n = rare ? `${number(count)} found` : number(overview?.likely[name] ?? 0);
    const kind = rare ? "rare" : "class";
    const on = of?.kind === kind && of.class_name === name;
    return choice(name, on, [el("span", { dir: "auto" }, name), el("small", {}, n)],
      () => acts.look({ kind, class_name: name }));
  });
}

/** @param {GridState} state @param {GridActs} acts */
function clusterChoices({ overview, of }, acts) {
  const lines = overview?.clusters;
  if (!lines) return [el("p", { class: "quiet" }, "Clusters are found in the background, once the items have been read.")];
  return lines.map((line) => choice(String(line.number), of?.kind === "cluster" && of.number === line.number,
    [glimpse(line.example.item, true), el("small", {}, number(line.n_open))],
    () => acts.look({ kind: "cluster", number: line.number }),
    `Cluster ${line.number + 1}, ${plural(line.n_open, "open item", "open items")}`));
}

/** @param {string} id @param {boolean} on @param {Node[]} content @param {() => void} act @param {string} [label] */
function choice(id, on, content, act, label) {
  const made = button("", act, "choice");
  made.append(...content);
  made.dataset["choice"] = id;
  made.setAttribute("aria-pressed", String(on));
  if (label) made.setAttribute("aria-label", label);
  return made;
}

/** @param {GridState} state */
function drawLine(state) {
  const page = isChosen(state) ? state.page : null;
  write("about", state.check?.open.length ? "" : sentence(page?.about ?? ""));
  const { unseen } = counts(state);
  const rest = page && page.items.length ? `${number(page.n_open)} open${unseen ? `, ${number(unseen)} of this page not seen yet` : ""}` : "";
  write("open", state.check ? "" : rest);
  const mayBeWhole = isChosen(state) && state.of?.kind === "cluster" && state.server?.phase === "label";
  show("whole", mayBeWhole && tiles(state).length > 0 && !state.check);
}

/** @param {GridState} state @param {GridState} before @param {GridActs} acts */
function drawStage(state, before, acts) {
  const place = byId("tiles");
  const onCard = state.check !== null || tiles(state).length === 0 || state.refused !== "";
  show("card", onCard);
  show("tiles", !onCard);
  if (onCard) drawCard(state, before, acts);
  if (state.size !== before.size || !place.dataset["size"]) {
    place.dataset["size"] = String(state.size);
    place.style.setProperty("--tile", `${state.size}px`);
  }
  if (state.page !== before.page || state.size !== before.size) fill(place, state, acts);
  else if (state.picked !== before.picked || state.at !== before.at) mark(place, state);
  const moved = state.page !== before.page || state.at !== before.at;
  if (moved && !onCard && !document.activeElement?.matches("input, select")) focusTile(state);
}

/** The items of the tiles that are on the screen, whole or as far as there is room, and loaded.
 * @param {GridState} state */
export function inSight(state) {
  const stage = byId("stage").getBoundingClientRect();
  const [top, bottom] = [Math.max(stage.top, 0), Math.min(stage.bottom, innerHeight)];
  return tiles(state).filter((_, i) => {
    const tile = /** @type {HTMLElement | undefined} */ (byId("tiles").children[i]);
    const picture = tile?.querySelector("img");
    if (!tile || (picture && !(picture.complete && picture.naturalWidth))) return false;
    const at = tile.getBoundingClientRect();
    const shown = Math.min(at.bottom, bottom) - Math.max(at.top, top);
    return at.height > 0 && shown >= Math.min(at.height, bottom - top) - SLACK;
  }).map((one) => one.item.item_id);
}

/** @param {GridState} state */
export function focusTile(state) {
  const tile = /** @type {HTMLElement | undefined} */ (byId("tiles").children[state.at]);
  tile?.focus({ preventScroll: true });
  tile?.scrollIntoView({ block: "nearest" });
}

/** @param {HTMLElement} place @param {GridState} state @param {GridActs} acts */
function fill(place, state, acts) {
  const small = state.size * devicePixelRatio <= SMALL;
  const made = tiles(state).map((one, i) => {
    const tile = el("div", { role: "option", class: `tile ${one.item.kind}` }, glimpse(one.item, small));
    tile.addEventListener("click", () => acts.pick(i));
    tile.addEventListener("pointerenter", (event) => { if (event.pointerType === "mouse") acts.hover(one, tile); });
    tile.addEventListener("pointerleave", () => acts.hover(null, tile));
    return tile;
  });
  place.replaceChildren(...made);
  mark(place, state);
}

/** @param {HTMLElement} place @param {GridState} state */
function mark(place, state) {
  tiles(state).forEach((one, i) => {
    const tile = /** @type {HTMLElement} */ (place.children[i]);
    const out = state.picked.has(one.item.item_id);
    const name = state.picked.get(one.item.item_id) ?? "later";
    const label = `${text(one)}${out ? `, picked out: ${name}` : ""}`;
    tile.setAttribute("aria-selected", String(out));
    tile.setAttribute("aria-label", label);
    tile.tabIndex = i === state.at ? 0 : -1;
    if (out) tile.dataset["as"] = name;
    else delete tile.dataset["as"];
  });
}

/** @param {Asked} one */
function text({ item }) {
  const said = item.text ?? (item.fields ? Object.values(item.fields).join(", ") : item.name);
  return said.slice(0, 200);
}

/** @param {GridState} state @param {GridState} before @param {GridActs} acts */
function drawCard(state, before, acts) {
  const place = byId("card");
  const { check, page, refused, of, overview, tab } = state;
  const same = check === before.check && page === before.page && refused === before.refused
    && of === before.of && overview === before.overview && tab === before.tab;
  if (same && place.childElementCount) return;
  const made = refused ? closed(refused) : of && !isChosen(state) ? [unchosen(tab)] : check ? checkCard(check, acts) : empty(state);
  place.replaceChildren(...made);
}

/** @param {string} why */
function closed(why) {
  return [el("h2", {}, "This page is closed"), el("p", {}, why)];
}

/** @param {import("./grid-types.js").Tab} tab */
function unchosen(tab) {
  const which = { class: "Choose a class above.", cluster: "Choose a cluster above.", rare: "Choose a class above: what may be more of it is shown.", search: "Type what you look for above." };
  return el("p", { class: "quiet" }, which[tab]);
}

/** @param {GridState} state */
function empty({ page, of, overview, server, tab }) {
  if (page && of) {
    if (page.n_elsewhere) {
      const rest = `${plural(page.n_elsewhere, "item is", "items are")} on other screens. Choose this grid again to see what is left of them.`;
      return [el("h2", {}, "The others have the rest"), el("p", { class: "quiet" }, rest)];
    }
    const why = of.kind === "rare" && page.about.includes("no example") ? sentence(page.about)
      : "What was left for later comes again when you choose this grid again. Enter goes on to the next one.";
    return [el("h2", {}, "Nothing more here"), el("p", { class: "quiet" }, why)];
  }
  if (of || tab === "search" || !server) return [el("p", { class: "waiting" }, of ? "The items are on their way." : "")];
  const ready = overview && overview.clusters;
  return [el("p", { class: "quiet" }, ready ? "Nothing is open." : "The items are still being read; the grids come by themselves.")];
}

/** @param {Check} check @param {GridActs} acts */
function checkCard(check, acts) {
  const [on] = check.open;
  const back = button("Back to the page", acts.endCheck);
  if (on) {
    const n = check.n_drawn - check.open.length + 1;
    return [
      el("p", { class: "quiet" }, `Item ${n} of ${check.n_drawn}, drawn at random from this cluster. Answer with its class; Space skips.`),
      el("div", { class: "alone" }, whole(on.item)), el("p", { class: "row" }, back),
    ];
  }
  const { purity, item_ids: ids, n_elsewhere: n } = check;
  if (!purity) return [el("p", {}, "These answers name no class."), el("p", { class: "row" }, back)];
  const items = plural(ids.length, "open item", "open items");
  const spread = ids.length ? [button(`Label its ${items} ${purity.class_name}`, acts.spread, "main")] : [];
  return [
    el("p", { class: "statement" }, `${purity.sentence}.`),
    ...n ? [el("p", { class: "quiet" }, `Without ${plural(n, "item that is", "items that are")} on other screens.`)] : [],
    el("p", { class: "row" }, ...spread, back),
    el("p", { class: "quiet" }, "Nobody will have looked at them: the export calls them “cluster”, with this figure, and no certificate covers them. Backspace takes it back in one step."),
  ];
}

/** @param {GridState} state @param {GridActs} acts */
function drawBar(state, acts) {
  const n = counts(state);
  const asking = (state.check?.open.length ?? 0) > 0;
  show("main-actions", !asking);
  document.body.classList.toggle("asking", asking);
  document.body.classList.toggle("nothing", tiles(state).length === 0);
  const confirm = /** @type {HTMLButtonElement} */ (byId("confirm"));
  const label = n.confirmed || !n.picked ? `Confirm ${number(n.confirmed)}` : `Send ${number(n.picked)}`;
  if (confirm.dataset["label"] !== label) {
    confirm.dataset["label"] = label;
    confirm.replaceChildren(`${label} `, el("kbd", {}, "↵"));
  }
  for (const one of byId("bar").querySelectorAll("button[data-do]")) {
    const node = /** @type {HTMLButtonElement} */ (one);
    const what = node.dataset["do"] ?? "";
    if (["confirm", "leave", "zoom", "like"].includes(what)) node.disabled = !tiles(state).length || state.check !== null;
    if (what === "undo") node.disabled = !state.server;
    if (what === "zoom") node.setAttribute("aria-pressed", String(state.zoom));
  }
  drawTarget(state);
  drawClasses(state, acts);
}

/** @param {GridState} state */
function drawTarget(state) {
  const select = /** @type {HTMLSelectElement} */ (byId("target"));
  const names = classNames(state);
  const stamp = JSON.stringify(names);
  if (select.dataset["names"] !== stamp) {
    select.dataset["names"] = stamp;
    select.replaceChildren(el("option", { value: "" }, "choose a class"), ...names.map((name) => el("option", { value: name }, name)));
  }
  select.value = state.target ?? "";
}

/** @param {GridState} state @param {GridActs} acts */
function drawClasses(state, acts) {
  const rows = state.server?.classes ?? [];
  classButtons(byId("classes"), rows.length ? classNames(state) : [], classKeys(rows), acts.give);
}

/** Show an item large beside its tile.
 * @param {Asked | null} one @param {HTMLElement | undefined} tile */
export function drawCloser(one, tile) {
  const place = byId("closer");
  place.hidden = !one || !tile;
  if (!one || !tile) return;
  place.replaceChildren(whole(one.item));
  const at = tile.getBoundingClientRect();
  const [width, height] = [place.offsetWidth, place.offsetHeight];
  const right = at.right + 12 + width < innerWidth;
  const left = right ? at.right + 12 : Math.max(8, at.left - 12 - width);
  place.style.left = `${left}px`;
  place.style.top = `${Math.max(8, Math.min(innerHeight - height - 8, at.top + at.height / 2 - height / 2))}px`;
}

/** @type {[string, string][]} */
const KEYS = [
  ["← → ↑ ↓", "move; Home and End too"], ["Space", "pick out, or take back in; a click does it too"],
  ["1 – 9, then letters", "the class of the item under the cursor; of the page, as long as it has none"],
  ["Enter", "confirm all that was not picked out; picked ones get their class, or come later"],
  ["Backspace", "take back the last page, any number of them"], [".", "leave the page for later"],
  ["Page Down, Page Up", "the next class or cluster, the one before"],
  ["C", "choose the class of the page"], ["F", "search names and texts"], ["=", "more like this"],
  ["Z", "zoom; the mouse does it by itself"], ["+ −", "size of the tiles"], ["?", "this list"], ["Esc", "close"],
];

/** @param {GridState} state */
function drawKeys(state) {
  const dialog = /** @type {HTMLDialogElement} */ (byId("panel"));
  const body = byId("panel-body");
  if (!body.childElementCount) {
    body.append(...KEYS.flatMap(([key, what]) => [el("dt", {}, el("kbd", {}, key)), el("dd", {}, what)]));
  }
  if (state.keys && !dialog.open) dialog.showModal();
  if (!state.keys && dialog.open) dialog.close();
  if (!state.keys) release(dialog);
}
