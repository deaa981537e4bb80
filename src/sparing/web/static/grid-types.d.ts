/* The words of the grid; read by the type checker alone, never by the browser. */

import type * as wire from "./wire.js";
import type { Asked, PersonEvent, SharedAction, SharedState, Timed } from "./types.js";

export type Source =
  | { kind: "class" | "rare"; class_name: string } | { kind: "cluster"; number: number }
  | { kind: "like"; item_id: string } | { kind: "search"; text: string }
  | { kind: "list"; rows: readonly number[] };
export type Tab = "class" | "cluster" | "rare" | "search";
export type Page = wire.PageBody;
export type ClusterLine = wire.LineBody;
export type Overview = wire.OverviewBody;
export type Purity = wire.PurityBody;
export type Check = wire.CheckBody;
/** What the server knows of a step: all answers, and of a page its items. */
export type Confirmed = wire.StepBody;

/** All that is on the screen; what an undo brings back. */
export interface Sheet {
  readonly page: Page | null;
  /** Tiles picked out, each with its class, or null: left for later. */
  readonly picked: ReadonlyMap<string, string | null>;
  /** The class that all the others are confirmed as. */
  readonly target: string | null;
  /** Items of the page that the person has had on the screen, whole: nothing else is ever confirmed. */
  readonly seen: ReadonlySet<string>;
  /** The tile under the cursor. */
  readonly at: number;
  /** Items that come no more until another grid is chosen. */
  readonly later: readonly string[];
}
/** One step that Backspace takes back: all that was said with one key press. */
export interface GridStep { events: readonly PersonEvent[]; sheet: Sheet; of: Source | null; check: Check | null }

export interface GridState extends Sheet, SharedState {
  readonly seq: number;
  readonly singleKeys: boolean;
  readonly overview: Overview | null;
  readonly tab: Tab;
  readonly of: Source | null;
  /** Fetched ahead. */
  readonly next: Page | null;
  readonly steps: readonly GridStep[];
  /** The blind check of the cluster that is shown; null: none was wanted. */
  readonly check: Check | null;
  readonly zoom: boolean;
  readonly keys: boolean;
  readonly size: number;
}

export type GridAction =
  | SharedAction
  | { type: "overview"; overview: Overview }
  | { type: "tab"; tab: Tab }
  | { type: "look"; of: Source }
  | { type: "page"; of: Source; page: Page }
  | { type: "leased"; asked: readonly string[]; held: readonly string[] }
  | { type: "seen"; ids: readonly string[] }
  | { type: "unshown"; id: string }
  | { type: "move"; to: number }
  | { type: "pick"; at: number }
  | ({ type: "give"; name: string } & Timed)
  | ({ type: "skip" } & Timed)
  | { type: "target"; name: string }
  | ({ type: "confirm" } & Timed)
  | { type: "leave" }
  | { type: "recalled"; step: Confirmed }
  | { type: "undo"; key: string }
  | { type: "check"; of: Source; check: Check | null }
  | { type: "spread"; key: string }
  | { type: "zoom" }
  | { type: "keys" }
  | { type: "close" }
  | { type: "size"; by: number };
