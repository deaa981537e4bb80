// The map on its canvas: points as discs where they are few, as pixels where they are many; what was
// enclosed, what was picked, and the names of the classes where their points are densest.

import { toScreen } from "./map-geometry.js";
import { runs } from "./map-index.js";
import { packed, palette } from "./map-palette.js";
import { draw, raster } from "./map-raster.js";

/** @typedef {import("./map-types.js").MapState} MapState */
/** @typedef {import("./map-types.js").PointIndex} PointIndex */
/** @typedef {import("./map-types.js").Point} Point */
/** @typedef {{index: PointIndex, codes: Uint8Array, middles: readonly (Point | null)[]}} Scene */

const FEW = 12_000; // points on the screen that are drawn as discs
const ABSENT = 255;
const [SMALLEST, LARGEST] = [1.6, 7]; // pixels: radius of a disc
const FILLED = 0.16; // of the screen, by discs
const MANY_NAMES = 24;
export const RINGS = 2000; // at most, around items that were found otherwise than by a lasso

export class MapCanvas {
  /** @param {HTMLCanvasElement} canvas */
  constructor(canvas) {
    this.canvas = canvas;
    this.pen = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
    this.raster = raster(1, 1);
    this.dark = matchMedia("(prefers-color-scheme: dark)");
  }

  /** @param {MapState} state @param {Scene} scene */
  draw(state, scene) {
    const { size, view } = state;
    const density = Math.min(2, devicePixelRatio || 1);
    const [width, height] = [Math.round(size.width * density), Math.round(size.height * density)];
    if (this.canvas.width !== width || this.canvas.height !== height) {
      [this.canvas.width, this.canvas.height] = [width, height];
      this.raster = raster(width, height);
    }
    this.pen.setTransform(density, 0, 0, density, 0, 0);
    this.pen.clearRect(0, 0, size.width, size.height);
    const colors = palette(state.names.length, state.by === "confidence", this.dark.matches);
    const half = { x: size.width / 2 / view.scale, y: size.height / 2 / view.scale };
    const box = { left: view.x - half.x, right: view.x + half.x, top: view.y - half.y, bottom: view.y + half.y };
    const seen = runs(scene.index, box);
    const n_seen = seen.reduce((total, [first, last]) => total + last - first, 0);
    const radius = Math.max(SMALLEST, Math.min(LARGEST, Math.sqrt((FILLED * size.width * size.height) / Math.PI / Math.max(1, n_seen))));
    if (n_seen <= FEW) this.discs(state, scene, seen, colors, radius);
    else this.pixels(state, scene, colors, density, n_seen);
    this.outline(state);
    this.names(state, scene);
    if (!state.lasso.length) this.rings(state, scene, state.selected.subarray(0, RINGS), radius + 2);
    if (state.picked) this.rings(state, scene, [state.picked.row], radius + 4);
  }

  /** @param {MapState} state @param {Scene} scene @param {readonly string[]} colors
   * @param {number} density @param {number} n_seen */
  pixels(state, { index, codes }, colors, density, n_seen) {
    const { view, only } = state;
    const dot = Math.max(1, Math.round(density * (n_seen > 150_000 ? 1 : n_seen > 40_000 ? 1.5 : 2)));
    draw(this.raster, index, codes, { view: { ...view, scale: view.scale * density }, dot, colors: packed(colors), only });
    const { width, height, pixels } = this.raster;
    const bytes = /** @type {Uint8ClampedArray<ArrayBuffer>} */ (new Uint8ClampedArray(pixels.buffer));
    this.pen.putImageData(new ImageData(bytes, width, height), 0, 0);
  }

  /** Quiet points first, the others on top of them.
   * @param {MapState} state @param {Scene} scene @param {readonly [number, number][]} seen
   * @param {readonly string[]} colors @param {number} radius */
  discs({ view, size, only }, { index, codes }, seen, colors, radius) {
    const shown = (/** @type {number} */ at) => {
      const code = codes[at] ?? 0;
      return only === null || code === only ? code : code === ABSENT ? ABSENT : 0;
    };
    /** @type {Map<number, Path2D>} */
    const paths = new Map();
    for (const [first, last] of seen) {
      for (let at = first; at < last; at++) {
        const code = shown(at);
        if (code === ABSENT) continue;
        const path = paths.get(code) ?? new Path2D();
        const x = ((index.xs[at] ?? 0) - view.x) * view.scale + size.width / 2;
        const y = ((index.ys[at] ?? 0) - view.y) * view.scale + size.height / 2;
        const r = code ? radius * 1.1 : radius * 0.8;
        path.moveTo(x + r, y);
        path.arc(x, y, r, 0, 2 * Math.PI);
        paths.set(code, path);
      }
    }
    for (const code of [...paths.keys()].sort((a, b) => a - b)) {
      this.pen.globalAlpha = code ? 0.9 : 0.38;
      this.pen.fillStyle = colors[code] ?? "";
      this.pen.fill(/** @type {Path2D} */ (paths.get(code)));
    }
    this.pen.globalAlpha = 1;
  }

  /** @param {MapState} state */
  outline({ view, size, lasso, selected }) {
    if (lasso.length < 2) return;
    this.pen.beginPath();
    for (const corner of lasso) {
      const at = toScreen(view, size, corner);
      this.pen.lineTo(at.x, at.y);
    }
    if (selected.length) this.pen.closePath();
    const accent = this.style("--accent");
    this.pen.fillStyle = accent;
    this.pen.globalAlpha = 0.08;
    this.pen.fill();
    this.pen.globalAlpha = 1;
    this.pen.strokeStyle = accent;
    this.pen.lineWidth = 1.5;
    this.pen.setLineDash(selected.length ? [] : [5, 4]);
    this.pen.stroke();
    this.pen.setLineDash([]);
  }

  /** @param {MapState} state @param {Scene} scene */
  names({ view, size, names, only, by }, { middles }) {
    if (names.length > MANY_NAMES || (by !== "label" && by !== "guess")) return;
    this.pen.font = `600 15px ${getComputedStyle(this.canvas).fontFamily}`;
    this.pen.textAlign = "center";
    this.pen.textBaseline = "middle";
    this.pen.lineJoin = "round";
    this.pen.lineWidth = 4;
    this.pen.strokeStyle = this.style("--mat");
    this.pen.fillStyle = this.style("--ink");
    middles.forEach((middle, i) => {
      if (!middle || (only !== null && only !== i + 1)) return;
      const at = toScreen(view, size, middle);
      const name = shortened(names[i] ?? "");
      this.pen.strokeText(name, at.x, at.y);
      this.pen.fillText(name, at.x, at.y);
    });
  }

  /** @param {MapState} state @param {Scene} scene @param {Iterable<number>} rows @param {number} radius */
  rings({ view, size }, { index }, rows, radius) {
    this.pen.beginPath();
    for (const row of rows) {
      const place = index.at[row] ?? -1;
      if (place < 0) continue;
      const at = toScreen(view, size, { x: index.xs[place] ?? 0, y: index.ys[place] ?? 0 });
      this.pen.moveTo(at.x + radius, at.y);
      this.pen.arc(at.x, at.y, radius, 0, 2 * Math.PI);
    }
    for (const [color, width] of /** @type {[string, number][]} */ ([["--mat", 5], ["--ink", 2]])) {
      this.pen.strokeStyle = this.style(color);
      this.pen.lineWidth = width;
      this.pen.stroke();
    }
  }

  /** @param {string} name */
  style(name) {
    return getComputedStyle(this.canvas).getPropertyValue(name).trim();
  }
}

/** @param {string} name */
function shortened(name) {
  return name.length > 22 ? `${name.slice(0, 21)}…` : name;
}
