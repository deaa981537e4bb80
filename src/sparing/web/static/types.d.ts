/* The words that the modules share; read by the type checker alone, never by the browser. */

export interface Answer {
  key: string; seq: number; at: string; kind: string; item_id: string;
  class_name: string | null; annotator: string | null; purpose: string;
}
export interface Item {
  item_id: string; name: string; kind: "image" | "text" | "card";
  text: string | null; fields: Record<string, string> | null;
}
export interface Asked {
  item: Item; why: string; source: string; model_version: number | null;
  guess: [string, number] | null; answer: Answer | null; flagged: boolean; comment: string;
  /** Somebody else has answered it too: it counts already. */
  second: boolean;
  /** What an answer is for; sent back with it, as a check of the model may begin meanwhile. */
  purpose: Purpose;
}
export type EventKind = "label" | "skip" | "settled" | "flag" | "unflag" | "comment" | "undo"
  | "add_class" | "rename_class" | "merge_class" | "delete_class";
export interface PersonEvent {
  key: string; kind: EventKind; item_id?: string; class_name?: string; text?: string;
  model_version?: number | null; seen?: string | null; undoes?: string | null; confirmed?: boolean;
  source?: "grid" | "cluster"; asked_for?: Purpose;
}
export type Purpose = "train" | "audit" | "handback";
export interface Recorded {
  key: string; seq: number | null; status: "stored" | "duplicate" | "conflict" | "refused";
  current: Answer | null; message: string;
}
export interface ClassRow { name: string; place: number; count: number }
export interface Accuracy { estimate: number; low: number; high: number; n: number; note: string; rough: boolean }
export interface Certificate {
  statement: string; attempt: number; n_total: number; n_by_people: number; n_auto: number;
  n_handback: number; n_audited: number; n_wrong: number; notes: string[];
  recall: Record<string, number>; claim: { epsilon: number; delta: number };
}
export interface CurvePoint { n_labels: number; accuracy: number; low: number; high: number }
export interface AuditProgress { n_drawn: number; n_answered: number; sentence: string }
export interface Status {
  n_items: number; n_labeled: number; n_skipped: number; n_flagged: number; n_left: number;
  n_handback_left: number; phase: string; accuracy: Accuracy | null; wanting: string; curve: CurvePoint[];
  advice: [boolean, string]; model_version: number; encoded: [number, number];
  trainer: [string, string]; notes: string[]; seen_by: string[]; audit: AuditProgress | null;
  certificate: Certificate | null; seq: number;
  people: string[]; n_contested: number; guidelines: number; n_unmatched: number;
}
export interface ServerState extends Place { status: Status }
/** Which project this is, and who is in front of it. */
export interface Place {
  id: string; name: string; annotator: string; by_password: boolean; classes: ClassRow[];
  role: Role; may_add_classes: boolean;
}
export type Role = "annotator" | "settler" | "owner";
/** What the server has said, as one flat record. */
export interface Server extends Status, Place {}
export interface Plan {
  n_audited: number; expected_audits: number; expected_handback: number; expected_auto: number; most: number;
  sentence: string; note: string | null;
}
export interface Next { phase: string; items: Asked[]; n_elsewhere: number }
/** ``""``: what was answered; else what was marked so, answered or not. */
export type Marked = "" | "flagged" | "skipped" | "commented";
export interface HistoryRow { answer: Answer | null; item: Item; flagged: boolean; comment: string }
export interface Figure { name: string; value: number; low: number; high: number; n_items: number }
export interface People {
  people: { name: string; n_answers: number }[]; overlap: number; n_items: number; note: string;
  overall: Figure | null; by_class: Figure[]; by_person: Figure[];
}
export interface Disagreement {
  asked: Asked; votes: { annotator: string; class_name: string | null }[];
  suggestion: [string, number]; is_audited: boolean;
}
/** An item that was spoken of and is not in the source, and what it may be now. */
export interface Unmatched { item_id: string; name: string; label: string | null; is_now: string | null; why: string; text: string }
export interface UnmatchedList { total: number; n_suggested: number; rows: Unmatched[] }
export type Way = "id" | "content" | "place";
export interface Guidelines { number: number; key: string; at: string; annotator: string; text: string }
export interface Doubt { asked: Asked; reason: string }

/** One step that Backspace takes back: what was said, and the item as it was before. */
export interface Step { event: PersonEvent; asked: Asked | null }
export interface Conflict { event: PersonEvent; current: Answer | null; asked: Asked | null }
export type Panel = null | "keys" | "people" | "guidelines" | "history" | "doubts" | "classes" | "export" | "check" | "matching";
export type Mode = null | "find" | "comment";

export interface State {
  readonly server: Server | null;
  /** Why the page cannot be used at all, or empty. */
  readonly refused: string;
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
  /** Events that the server has not confirmed, oldest first. */
  readonly outbox: readonly PersonEvent[];
  readonly steps: readonly Step[];
  readonly conflicts: readonly Conflict[];
  /** False when the last request did not get through; then ``away`` says why. */
  readonly online: boolean;
  readonly away: string;
  /** What is not sent lies in the memory of the page alone. */
  readonly fleeting: boolean;
  /** Events have waited so long that the person should know. */
  readonly late: boolean;
  /** The newest event that the server has confirmed. */
  readonly seq: number;
  readonly panel: Panel;
  readonly mode: Mode;
  readonly zoom: boolean;
  readonly guesses: boolean;
  readonly singleKeys: boolean;
  /** Told to screen readers. */
  readonly said: string;
  /** A sentence that stays until the next answer, such as an error. */
  readonly notice: string;
}

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
  | { type: "label"; key: string; name: string; confirmed?: boolean; addKey?: string }
  | { type: "skip"; key: string }
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
export interface SettleState {
  readonly server: Server | null;
  readonly refused: string;
  /** Items on which people differ; the first is on the screen. */
  readonly rows: readonly Disagreement[];
  /** The server has said at least once who differs. */
  readonly listed: boolean;
  readonly outbox: readonly PersonEvent[];
  readonly steps: readonly { key: string; row: Disagreement }[];
  readonly online: boolean;
  readonly away: string;
  readonly fleeting: boolean;
  readonly late: boolean;
  readonly said: string;
  readonly notice: string;
}

export type SettleAction =
  | SharedAction
  | { type: "listed"; rows: Disagreement[] }
  | { type: "settle"; name: string; key: string }
  | { type: "later" }
  | { type: "undo"; key: string };
