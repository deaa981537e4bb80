/* The words of the map's modules; read by the type checker alone, never by the browser. */

import type * as wire from "./wire.js";
import type { Asked, SharedAction, SharedState } from "./types.js";

export type Kind = "principal" | "neighbors";
export type Coloring = "label" | "guess" | "confidence" | "source" | "annotator";
export interface Point { x: number; y: number }
export interface Size { width: number; height: number }
/** What part of the map is seen: its middle, and pixels a unit. The map is one unit wide. */
export interface View { x: number; y: number; scale: number }
export type Maps = wire.MapBody;
/** The points in the order of the cells that they lie in. */
export interface PointIndex {
  readonly side: number; readonly starts: Uint32Array; readonly rows: Uint32Array;
  readonly xs: Float32Array; readonly ys: Float32Array;
  /** Where in the index each row is; -1: it has no place. */
  readonly at: Int32Array;
}
export interface Colors { readonly names: readonly string[]; readonly codes: Uint8Array }
export interface LegendRow { code: number; name: string; count: number }

export interface MapState extends SharedState {
  readonly maps: Maps | null;
  /** The map that is shown. */
  readonly kind: Kind | null;
  readonly by: Coloring;
  /** What the codes from 1 on mean. */
  readonly names: readonly string[];
  readonly legend: readonly LegendRow[];
  /** The one color that is shown, or null for all. */
  readonly only: number | null;
  readonly view: View;
  readonly size: Size;
  readonly tool: "move" | "lasso";
  /** The way of the lasso while it is drawn; then what was enclosed. */
  readonly lasso: readonly Point[];
  readonly selected: Uint32Array;
  readonly unanswered: Uint32Array;
  /** The text by which the selected items were found; null: they were selected by hand. */
  readonly sought: string | null;
  /** The first of what was selected, to be looked at. */
  readonly listed: readonly { row: number; asked: Asked }[];
  readonly picked: { row: number; asked: Asked } | null;
}

export type MapAction =
  | SharedAction
  | { type: "maps"; maps: Maps }
  | { type: "shown"; kind: Kind }
  | { type: "by"; by: Coloring }
  | { type: "legend"; names: readonly string[]; legend: LegendRow[] }
  | { type: "only"; code: number | null }
  | { type: "size"; size: Size }
  | { type: "pan"; dx: number; dy: number }
  | { type: "zoom"; factor: number; at?: Point }
  | { type: "fit" }
  | { type: "tool"; tool: "move" | "lasso" }
  | { type: "draw"; at: Point }
  | { type: "selected"; outline: readonly Point[]; rows: Uint32Array; unanswered: Uint32Array; sought?: string }
  | { type: "listed"; listed: MapState["listed"] }
  | { type: "clear" }
  | { type: "picked"; picked: MapState["picked"] };
