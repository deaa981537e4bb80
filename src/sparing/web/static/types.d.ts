/* The words that the modules share; read by the type checker alone, never by the browser.
   What goes over the wire is in wire.d.ts, which is made from the bodies of the server. */

import type * as wire from "./wire.js";

export type Answer = wire.AnswerBody;
/** What the model takes an item for, how sure it is, and of several labels their names. */
export type Guess = NonNullable<wire.AskedBody["guess"]>;
export type Item = wire.ItemBody;
export type Asked = wire.AskedBody;
export type EventKind = PersonEvent["kind"];
export type PersonEvent = wire.EventBody;
export type Purpose = Asked["purpose"];
export type Recorded = wire.RecordedBody;
export type ClassRow = wire.ClassBody;
export type Accuracy = wire.AccuracyBody;
export type Certificate = wire.CertificateBody;
export type CurvePoint = wire.CurvePointBody;
export type AuditProgress = wire.AuditBody;
export type Status = wire.StatusBody;
export type ServerState = wire.StateBody;
/** Which project this is, and who is in front of it. */
export type Place = Omit<ServerState, "status">;
export type Role = wire.Role;
/** What the server has said, as one flat record. */
export interface Server extends Status, Place {}
export type Plan = wire.PlanBody;
export type Next = wire.NextBody;
/** ``""``: what was answered; else what was marked so, answered or not. */
export type Marked = "" | "flagged" | "skipped" | "commented";
export type HistoryRow = wire.HistoryRowBody;
export type Figure = wire.FigureBody;
export type People = wire.PeopleBody;
export type Disagreement = wire.DisagreementBody;
/** An item that was spoken of and is not in the source, and what it may be now. */
export type Unmatched = wire.UnmatchedBody;
export type UnmatchedList = wire.UnmatchedListBody;
export type Way = "id" | "content" | "place";
export type Guidelines = wire.GuidelinesBody;
export type Doubt = wire.LikelyMistakeBody;

/** A span of the text on the screen, in code points. */
export type Span = Omit<wire.MarkedSpanBody, "certainty">;
/** Which words are chosen; ``back``: more of them are chosen at their start. */
export interface Chosen { readonly start: number; readonly end: number; readonly back: boolean }

/** A place in a picture, or a width and a height. */
export type Point = readonly [number, number];
/** x0, y0, x1, y1 in pixels of the upright picture. */
export type Corners = readonly [number, number, number, number];
/** Where a picture is seen: pixels of the screen for one of the picture, and where its corner is. */
export interface View { readonly scale: number; readonly x: number; readonly y: number }
/** A box in the picture on the screen; a score is the certainty of who suggested it. */
export interface Box { readonly box: Corners; readonly label: string; readonly by: "drawn" | "accepted" | "edited"; readonly version: number | null; readonly score?: number | null }
/** What was done in the picture on the screen, and not answered yet. */
export interface Boxing {
  /** The boxes that the person has made of those in the picture; null: nothing touched yet. */
  readonly boxes: readonly Box[] | null;
  /** Which box is chosen; -1: none. */
  readonly at: number;
  /** The corner of it that follows the arrows. */
  readonly corner: "first" | "last" | null;
  /** Points of a box that is begun. */
  readonly points: readonly Point[];
  /** What there was before each step, oldest first. */
  readonly past: readonly { readonly boxes: readonly Box[] | null; readonly at: number }[];
  /** The moves that go on as one step. */
  readonly run: string;
}
export type BoxStep =
  | { do: "choose"; at: number }
  | { do: "corner"; corner: "first" | "last" }
  | { do: "nudge"; dx: number; dy: number }
  | { do: "shape"; box: Corners }
  | { do: "point"; point: Point }
  | { do: "draw"; points: readonly Point[] }
  | { do: "remove" | "copy" | "four" | "release" };

/** One step that Backspace takes back: what was said, and the item as it was before. */
export interface Step { event: PersonEvent; asked: Asked | null; boxing?: Boxing }
export interface Conflict { event: PersonEvent; current: Answer | null; asked: Asked | null }
export type Panel = null | "keys" | "people" | "guidelines" | "history" | "doubts" | "classes" | "export" | "check" | "matching";
export type Mode = null | "find" | "comment";

/** What every page knows of its server and of the answers that were given on it. */
export interface SharedState {
  readonly server: Server | null;
  /** Why the page cannot be used at all, or empty. */
  readonly refused: string;
  /** Events that the server has not confirmed, oldest first. */
  readonly outbox: readonly PersonEvent[];
  /** False when the last request did not get through; then ``away`` says why. */
  readonly online: boolean;
  readonly away: string;
  /** What is not sent lies in the memory of the page alone. */
  readonly fleeting: boolean;
  /** Events have waited so long that the person should know. */
  readonly late: boolean;
  /** Told to screen readers. */
  readonly said: string;
  /** A sentence that stays until the next answer, such as an error. */
  readonly notice: string;
}

export interface State extends SharedState {
  /** What another page has handed over and is not fetched yet: asked before all else. */
  readonly list: { readonly rows: readonly number[]; readonly answered: boolean } | null;
  readonly item: Asked | null;
  readonly queue: readonly Asked[];
  /** The last fetch brought nothing new. */
  readonly exhausted: boolean;
  /** Items that others are asked now, when there was nothing else. */
  readonly elsewhere: number;
  /** The certificate was read, and what it leaves to the person is asked. */
  readonly handing: boolean;
  /** A phase that the person has chosen here is on the way. */
  readonly beginning: boolean;
  readonly steps: readonly Step[];
  /** The labels that the person has chosen for the item on the screen; null: nothing touched yet. */
  readonly draft: readonly string[] | null;
  /** The spans that the person has made of those in the text on the screen; null: nothing touched yet. */
  readonly spans: readonly Span[] | null;
  /** The words that are chosen in that text; null: none yet. */
  readonly chosen: Chosen | null;
  /** What was done in the picture on the screen, where boxes are drawn. */
  readonly boxing: Boxing;
  /** The class of the boxes to come; null: none was chosen yet. */
  readonly boxLabel: string | null;
  /** How many points make a box. */
  readonly boxMode: "two" | "four";
  readonly conflicts: readonly Conflict[];
  /** The newest event that the server has confirmed. */
  readonly seq: number;
  readonly panel: Panel;
  readonly mode: Mode;
  readonly zoom: boolean;
  readonly guesses: boolean;
  readonly singleKeys: boolean;
}

/** What makes an answer: the key of its event, and how long what it is of was on the screen. */
export interface Timed { key: string; seconds?: number | undefined }

/** What any page may be told by what keeps its answers safe. */
export type SharedAction =
  | { type: "opened"; events: PersonEvent[] }
  | { type: "refused"; message: string }
  | { type: "state"; server: Server }
  | { type: "recorded"; results: Recorded[] }
  | { type: "unsent"; away: string }
  | { type: "fleeting" }
  | { type: "late" }
  | { type: "notice"; message: string };

export type Action =
  | SharedAction
  | { type: "asked"; phase: string; items: Asked[]; n_elsewhere?: number }
  | { type: "leased"; asked: readonly string[]; held: readonly string[] }
  | { type: "listed"; rows: readonly number[]; items: Asked[] }
  | { type: "leave" }
  | { type: "phase"; server: Server }
  | { type: "handing" }
  | { type: "beginning"; on: boolean }
  | ({ type: "label"; name: string; confirmed?: boolean; addKey?: string } & Timed)
  | ({ type: "done" } & Timed)
  | { type: "alike"; name: string }
  | { type: "step"; by: number; extend: boolean }
  | { type: "select"; start: number; end: number; exact: boolean }
  | { type: "choose"; start: number; end: number }
  | { type: "edge"; side: "start" | "end"; by: number }
  | { type: "unmark" }
  | { type: "box"; step: BoxStep }
  | ({ type: "skip" } & Timed)
  | { type: "flag"; key: string }
  | { type: "comment"; key: string; text: string }
  | { type: "undo"; key: string }
  | { type: "addClass"; key: string; name: string }
  | { type: "renameClass"; key: string; name: string; to: string }
  | { type: "mergeClass"; key: string; name: string; into: string }
  | { type: "deleteClass"; key: string; name: string }
  | { type: "open"; asked: Asked }
  | { type: "settle"; index: number; key: string | null }
  | { type: "panel"; panel: Panel }
  | { type: "mode"; mode: Mode }
  | { type: "zoom" }
  | { type: "setting"; name: "guesses" | "singleKeys"; value: boolean };

/** The page that settles. */
export interface SettleState extends SharedState {
  /** Items on which people differ; the first is on the screen. */
  readonly rows: readonly Disagreement[];
  /** The item on the screen, where somebody else has settled it; else empty. */
  readonly gone: string;
  /** The server has said at least once who differs. */
  readonly listed: boolean;
  readonly steps: readonly { key: string; row: Disagreement }[];
  /** The labels chosen for the item on the screen, where it may have several; null: nothing touched yet. */
  readonly draft: readonly string[] | null;
  /** Of spans and boxes: the versions chosen so far, one for each place in which people differ. */
  readonly picked: readonly number[];
  /** What is drawn in place of what people have drawn, as on the page that labels; null: nothing. */
  readonly drawing: State | null;
}

export type SettleAction =
  | SharedAction
  | { type: "listed"; rows: Disagreement[] }
  | ({ type: "settle"; name: string } & Timed)
  | ({ type: "settleLabels"; labels: readonly string[] } & Timed)
  | { type: "toggle"; name: string }
  | ({ type: "pick"; choice: number } & Timed)
  | ({ type: "settleUnits" } & Timed)
  | { type: "draw" | "undraw" }
  | { type: "box"; step: BoxStep }
  | { type: "classed"; name: string }
  | { type: "later" }
  | { type: "undo"; key: string };
