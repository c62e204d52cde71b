// What Python and the Evaluation tab send each other. The type check holds the modules to these names,
// tests/assistant/ui/test_shared_names.py holds Python to them.
import type { Differences, Language } from "./records.js";

export type Task = "question-similarity" | "portuguese-qa";
export type Stage = "candidate" | "staging" | "production" | "archived";
export type Move = "staging" | "production" | "archive" | "roll back";
export type MistakeKind =
  | "false match"
  | "missed match"
  | "unreadable"
  | "wrong"
  | "missed"
  | "partly right"
  | "found elsewhere";
export type ReportFile = "report.json" | "report.html";
export type RunState = "starting" | "running" | "stopping" | "done" | "stopped" | "failed";

/** A measure's value by its name; null where the rows do not define it. */
export type Figures = Record<string, number | null>;
export type Intervals = Record<string, [number, number]>;
/** One place of a chart: [x, y], or with more numbers behind them. */
export type Point = number[];

/** What a report says of the system that it measured, and more that the page does not show. A baseline says little. */
export interface Model {
  [more: string]: unknown;
  version?: string;
  name?: string;
  stage?: string;
  base?: string;
  device?: string;
}

export interface Data {
  name: string;
  sha256: string;
  rows: number;
  measured: number;
  languages: Partial<Record<Language, number>>;
}

/** Numbers of rows: `rows` equal training rows or hold a label, `dropped` were left out. */
export interface Leaks {
  allowed: boolean;
  rows: number[];
  dropped: number[];
}

/** A report without its rows and details. `branded` is whether it was measured in spite of leaks. */
export interface Head {
  id: string;
  task: Task;
  system: string;
  model: Model;
  data: Data;
  leaks: Leaks;
  threshold: number;
  figures: Figures;
  created: string;
  branded: boolean;
  files: ReportFile[];
}

/** How an app's own threshold does on the rows of a language. */
export interface AtThreshold {
  threshold: number;
  accuracy: number;
  precision: number | null;
  recall: number | null;
}

/** One class of scikit-learn's report. */
export interface ClassFigures {
  precision: number;
  recall: number;
  "f1-score": number;
  support: number;
}

export interface Detail {
  classes?: Record<string, ClassFigures | number>;
  confusion?: number[][];
  intervals_by_language?: Partial<Record<Language, Intervals>>;
  app?: Partial<Record<Language, AtThreshold>>;
  reasons?: Record<string, number>;
}

/** Counts at each threshold, and points of charts. */
export interface Curves {
  roc: Point[];
  precision_recall: Point[];
  reliability: Point[];
  true_matches: number[];
  false_matches: number[];
  same: number;
  different: number;
  unreadable: number;
}

export interface Outcomes {
  right: number;
  "partly right": number;
  wrong: number;
  missed: number;
}

/** A report without its rows: of pairs with `curves`, of readings with `outcomes`. */
export interface Report {
  id: string;
  task: Task;
  system: string;
  model: Model;
  data: Data;
  leaks: Leaks;
  threshold: number;
  figures: Figures;
  intervals: Intervals;
  by_language: Partial<Record<Language, Figures>>;
  detail: Detail;
  cost: Record<string, number>;
  created: string;
  commit: string;
  packages: Record<string, string>;
  hardware: object;
  branded: boolean;
  curves?: Partial<Record<Language | "all", Curves>>;
  outcomes?: Outcomes;
}

export interface Version {
  digest: string;
  task: Task;
  name: string;
  base: string;
  stage: Stage;
  origin: string;
  created: string;
  added: string;
  metrics: object;
}

export interface StageEvent {
  digest: string;
  action: string;
  before: Stage | null;
  after: Stage;
  who: string;
  why: string;
  at: string;
  report: object | null;
  published: string | null;
}

export interface VersionDetail extends Version {
  losses: Record<string, Point[]>;
  parameters: object;
  licences: object;
  events: StageEvent[];
}

/** A row of a report on pairs. A report may come without texts. */
export interface PairRow {
  row: number;
  same: boolean;
  language: Language;
  probability: number | null;
  question1?: string;
  question2?: string;
}

/** A row of a report on readings. Without texts, `answers`, `prediction` and `elsewhere` are empty texts. */
export interface ReadingRow {
  row: number;
  document: number | string;
  answers: string[];
  prediction: string | null;
  confidence: number;
  exact_match: number;
  f1: number;
  semantic: boolean | null;
  elsewhere: string | null;
  refused: boolean | null;
  question?: string;
  context?: string;
}

export type Row = PairRow | ReadingRow;

/** `score` is P(same) or F1. */
export interface Mistake {
  kind: MistakeKind;
  score: number | null;
  row: Row;
  differences: Differences | null;
}

/** A row that two reports answered differently. */
export interface Change {
  before: Row;
  after: Row;
  was_right: boolean;
  is_right: boolean;
  differences: Differences | null;
}

export interface MistakesReply {
  total: number;
  offset: number;
  size: number;
  rows: Mistake[];
  kinds: Partial<Record<MistakeKind, number>>;
  branded: boolean;
}

export interface ChangesReply {
  total: number;
  offset: number;
  size: number;
  rows: Change[];
  rows_compared: number;
  won: number;
  lost: number;
  p_value: number;
}

/** What a run measures; `limit` is null for all rows. */
export interface Asked {
  adapter: string;
  data: string;
  limit: number | null;
  drop_leaks: boolean;
  language: Language;
}

export interface Run extends Asked {
  state: RunState;
  done: number;
  of: number | null;
  seconds_left: number | null;
  error: string | null;
}

export interface DataSet {
  name: string;
  about: string;
  task: Task;
}

export interface Overview {
  reports: Head[];
  problems: string[];
  versions: Version[];
  data: DataSet[];
  run: Run | null;
  unfinished: Asked[];
  manage: boolean;
}

export interface RunReply {
  run: Run | null;
}

/** One of the gate's checks. */
export interface Check {
  name: string;
  figure: string;
  bound: string;
  passed: boolean;
}

/** The gate's checks where it refused, else the version that moved. */
export interface MoveReply {
  checks?: Check[];
}

export interface Download {
  name: string;
  text: string;
}

export interface ReportRequest {
  id: string;
}

export interface MistakesRequest {
  id: string;
  threshold: number;
  kind: MistakeKind | null;
  language: Language | null;
  low: number;
  high: number;
  offset: number;
}

export interface ChangesRequest {
  before: string;
  after: string;
  improved: boolean;
  offset: number;
}

export interface VersionRequest {
  digest: string;
}

export interface DownloadRequest {
  id: string;
  file: ReportFile;
}

export interface StartRequest {
  digest: string;
  data: string;
  limit: number | null;
  drop_leaks: boolean;
  language: Language;
}

export interface MoveRequest {
  digest: string;
  move: Move;
  why: string;
  override: string;
}

/** By the name of a server function: its request, and what its reply holds besides `ok`. */
export interface EvaluationFunctions {
  evaluation_overview: [object, Overview];
  evaluation_report: [ReportRequest, Report];
  evaluation_mistakes: [MistakesRequest, MistakesReply];
  evaluation_changes: [ChangesRequest, ChangesReply];
  evaluation_version: [VersionRequest, VersionDetail];
  evaluation_download: [DownloadRequest, Download];
  evaluation_run: [object, RunReply];
  evaluation_start: [StartRequest, RunReply];
  evaluation_cancel: [object, RunReply];
  evaluation_move: [MoveRequest, MoveReply];
}
