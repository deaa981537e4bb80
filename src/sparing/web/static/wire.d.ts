/* Made by python -m sparing.web.wire from the bodies of the routes: change those. */
export interface AccuracyBody {
  estimate: number;
  low: number;
  high: number;
  n: number;
  note: string;
  rough: boolean;
}
export interface AnswerBody {
  key: string;
  seq: number;
  at: string;
  kind: string;
  item_id: string;
  class_name: string | null;
  annotator: string | null;
  purpose: string;
  labels: string[] | null;
  spans: MarkedSpanBody[] | null;
  boxes: MarkedBoxBody[] | null;
}
export interface AskedBody {
  item: ItemBody;
  why: string;
  source: string;
  strategy: string | null;
  model_version: number | null;
  guess: [string, number, string[] | null, MarkedSpanBody[] | null, string, MarkedBoxBody[] | null, string[]] | null;
  answer: AnswerBody | null;
  flagged: boolean;
  comment: string;
  second: boolean;
  purpose: "train" | "audit" | "handback";
}
export interface AuditBody {
  n_drawn: number;
  n_answered: number;
  sentence: string;
}
export interface BoxBody {
  box: number[];
  label: string;
  by?: "drawn" | "accepted" | "edited";
  version?: number | null;
}
export interface CertificateBody {
  statement: string;
  claim: Claimed;
  attempt: number;
  n_total: number;
  n_by_people: number;
  n_auto: number;
  n_handback: number;
  n_audited: number;
  n_wrong: number;
  recall: Record<string, number>;
  units: UnitLimitBody | null;
  notes: string[];
}
export interface CheckBody {
  n_drawn: number;
  open: AskedBody[];
  purity: PurityBody | null;
  item_ids: string[];
  n_elsewhere: number;
}
export interface ClaimBody {
  epsilon: number;
  delta?: number;
}
export interface Claimed {
  epsilon: number;
  delta: number;
}
export interface ClassBody {
  name: string;
  place: number;
  count: number;
}
export interface CurvePointBody {
  n_labels: number;
  accuracy: number;
  low: number;
  high: number;
}
export interface DisagreementBody {
  asked: AskedBody;
  votes: VoteBody[];
  suggestion: [string, number, string[] | null, MarkedSpanBody[] | null, string, MarkedBoxBody[] | null, string[]];
  is_audited: boolean;
}
export interface DisagreementsBody {
  total: number;
  rows: DisagreementBody[];
}
export interface EndedBody {
  ended: number;
}
export interface EventBody {
  key: string;
  kind: "label" | "skip" | "settled" | "flag" | "unflag" | "comment" | "undo" | "add_class" | "rename_class" | "merge_class" | "delete_class";
  item_id?: string | null;
  class_name?: string | null;
  labels?: string[] | null;
  spans?: SpanBody[] | null;
  boxes?: BoxBody[] | null;
  text?: string | null;
  model_version?: number | null;
  seen?: string | null;
  undoes?: string | null;
  confirmed?: boolean;
  source?: "grid" | "cluster" | null;
  asked_for?: "train" | "audit" | "handback" | null;
  seconds?: number | null;
}
export interface Failure {
  kind: string;
  message: string;
  current?: unknown;
}
export interface FailureBody {
  error: Failure;
}
export interface FigureBody {
  name: string;
  value: number;
  low: number;
  high: number;
  n_items: number;
}
export interface FoldersBody {
  folder: string;
  sentence: string;
}
export interface GuidelinesBody {
  number: number;
  key: string;
  at: string;
  annotator: string;
  text: string;
}
export interface HeldBody {
  held: string[];
}
export interface HistoryBody {
  total: number;
  rows: HistoryRowBody[];
}
export interface HistoryRowBody {
  answer: AnswerBody | null;
  item: ItemBody;
  flagged: boolean;
  comment: string;
}
export interface ItemBody {
  item_id: string;
  name: string;
  kind: "image" | "text" | "card";
  text: string | null;
  fields: Record<string, string> | null;
  tokens: number[] | null;
  width: number | null;
  height: number | null;
}
export interface LeasesBody {
  holder: string;
  keep?: string[];
  free?: string[];
  leave?: boolean;
}
export interface LikelyMistakeBody {
  asked: AskedBody;
  reason: string;
}
export interface LineBody {
  number: number;
  n_items: number;
  n_open: number;
  example: AskedBody;
}
export interface LinkBody {
  role: Role;
}
export interface LoginBody {
  name: string;
  password: string;
}
export interface MapBody {
  mark: string;
  kinds: ("principal" | "neighbors")[];
  progress: ProgressBody | null;
  trouble: string;
}
export interface MarkedBoxBody {
  box: [number, number, number, number];
  label: string;
  by: "drawn" | "accepted" | "edited";
  version: number | null;
  score: number | null;
}
export interface MarkedSpanBody {
  start: number;
  end: number;
  label: string;
  by: "drawn" | "accepted" | "edited";
  version: number | null;
  certainty: number | null;
}
export interface NameBody {
  name: string;
}
export interface NewGuidelinesBody {
  text: string;
  seen?: string | null;
}
export interface NextBody {
  phase: string;
  items: AskedBody[];
  n_elsewhere?: number;
}
export interface OfClass {
  kind: "class" | "rare";
  class_name: string;
}
export interface OfCluster {
  kind: "cluster";
  number: number;
}
export interface OfList {
  kind: "list";
  rows: number[];
}
export interface OfOne {
  kind: "like";
  item_id: string;
}
export interface OfText {
  kind: "search";
  text: string;
}
export interface OverviewBody {
  likely: Record<string, number>;
  clusters: LineBody[] | null;
}
export interface PageBody {
  about: string;
  class_name: string | null;
  n_open: number;
  items: AskedBody[];
  n_elsewhere: number;
}
export interface PairsBody {
  pairs: Record<string, string>;
}
export interface PeopleBody {
  people: PersonBody[];
  overlap: number;
  n_items: number;
  note: string;
  overall: FigureBody | null;
  by_class: FigureBody[];
  by_label: FigureBody[];
  by_person: FigureBody[];
}
export interface PersonBody {
  name: string;
  n_answers: number;
}
export interface PlanBody {
  n_audited: number;
  expected_audits: number;
  expected_remainder: number;
  expected_auto: number;
  most: number;
  sentence: string;
  note: string | null;
  ahead: string;
}
export interface ProgressBody {
  what: string;
  done: number;
  total: number;
}
export interface PurityBody {
  class_name: string;
  n_like: number;
  n_tested: number;
  low: number;
  high: number;
  sentence: string;
}
export interface RecordedBody {
  key: string;
  seq: number | null;
  status: "stored" | "duplicate" | "conflict" | "refused";
  current: AnswerBody | null;
  message: string;
}
export interface RightsBody {
  may_add_classes: boolean;
}
export type Role = "annotator" | "settler" | "owner";
export interface SaidBody {
  key: string;
  item_id: string;
  class_name: string;
}
export interface SpanBody {
  start: number;
  end: number;
  label: string;
  by?: "drawn" | "accepted" | "edited";
  version?: number | null;
}
export interface StateBody {
  id: string;
  name: string;
  annotator: string;
  by_password: boolean;
  role: Role;
  may_add_classes: boolean;
  classes: ClassBody[];
  status: StatusBody;
}
export interface StatusBody {
  n_items: number;
  n_labeled: number;
  n_skipped: number;
  n_flagged: number;
  n_left: number;
  n_remainder_left: number;
  phase: string;
  accuracy: AccuracyBody | null;
  curve: CurvePointBody[];
  advice: [boolean, string];
  model_version: number;
  n_learned: number;
  encoded: [number, number];
  trainer: [string, string];
  notes: string[];
  audit: AuditBody | null;
  certificate: CertificateBody | null;
  seq: number;
  people: string[];
  n_contested: number;
  guidelines: number;
  n_unmatched: number;
  since_certified: string[];
  wanting: string;
  seen_by: string[];
  weighed: string[];
  kind: string;
  by_label: Record<string, AccuracyBody>;
}
export interface StepBody {
  said: SaidBody[];
  items: AskedBody[];
}
export interface Token {
  token: string;
}
export interface UnitLimitBody {
  noun: string;
  n_units: number;
  least_right: number;
}
export interface UnmatchedBody {
  item_id: string;
  name: string;
  label: string | null;
  is_now: string | null;
  why: string;
  text: string;
}
export interface UnmatchedListBody {
  total: number;
  n_suggested: number;
  rows: UnmatchedBody[];
}
export interface VoteBody {
  annotator: string;
  class_name: string | null;
  labels: string[] | null;
  spans: MarkedSpanBody[] | null;
  boxes: MarkedBoxBody[] | null;
}
export interface Wanted {
  of: OfClass | OfCluster | OfOne | OfText | OfList;
  n?: number;
  exclude?: string[];
  holder?: string | null;
}
export interface WayBody {
  by: "id" | "content" | "place";
}
