// What Python and the Desk and Read tabs send each other. The type check holds the modules to these names,
// tests/assistant/ui/test_shared_names.py holds Python to them.

export type Language = "en" | "pt";
export type Label = "same" | "different" | "unjudged";
export type Verb = "used" | "edited" | "rejected" | "up" | "down";
export type Fault =
  | "contradicts the verdict"
  | "quotes words nobody wrote"
  | "ends inside a quotation"
  | "tells apart what is the same"
  | "says of a question what it does not say"
  | "empty";

/** What a verdict rests on; null where a signal could not be had. */
export interface Signals {
  cosine: number | null;
  label_logit: number | null;
  differing_share: number | null;
  uncovered_share: number | null;
  answer_cosine: number | null;
}

export interface Differences {
  asked_only: string[];
  past_only: string[];
}

export interface Reason {
  text: string | null;
  hidden: Fault | null;
}

/** A reason of a turn that is being explained; `text` grows until it is `done`. */
export interface GrowingReason extends Reason {
  done: boolean;
}

/** A past answer; `date` is ISO 8601. */
export interface Answer {
  id: string;
  question: string;
  answer: string;
  language: Language;
  tags: string[];
  author: string;
  date: string | null;
}

/** What a search of the library found. */
export interface Candidate extends Answer {
  phrasing: string;
  cosine: number;
}

/** A judged past answer; `probability` is P(same), `voted` what the agent already said about it. */
export interface Match extends Answer {
  phrasing: string;
  probability: number | null;
  label: Label;
  signals: Signals;
  differences: Differences;
  reason: Reason | null;
  voted: Verb | null;
}

/** One question of a message. */
export interface Part {
  asked: string;
  language: Language;
  ambiguous: boolean;
  no_match: boolean;
  matches: Match[];
  near_misses: Match[];
}

export interface Turn {
  id: string;
  question: string;
  base: string;
  adapter: string | null;
  parts: Part[];
}

export interface Allowed {
  feedback: boolean;
  write: boolean;
}

/** What answers right now. `signals` names those that the judge of a language uses. */
export interface Status {
  base: string;
  adapter: string | null;
  signals: Record<Language, string[]>;
  answers: number;
  alarms: string[];
  notices: string[];
  allowed: Allowed;
}

/** A whole conversation. `n` differs in any two messages, so that the page notices each. */
export interface ThreadMessage {
  kind: "thread";
  n: number;
  turns: Turn[];
  status: Status | null;
  error?: string;
}

export interface TurnMessage {
  kind: "turn";
  n: number;
  key: string;
  turn: Turn;
  status: Status;
}

export interface FailedMessage {
  kind: "failed";
  n: number;
  key: string;
  error: string;
}

/** All reasons of a turn so far, by part number and answer id. */
export interface ReasonsMessage {
  kind: "reasons";
  n: number;
  key: string;
  id: string;
  reasons: Record<string, GrowingReason>;
  done: boolean;
  error?: string;
  notice?: string | null;
}

/** `start` and `end` count whole characters of `context`. */
export interface ReadingMessage {
  kind: "reading";
  key: number;
  context: string;
  notice: string | null;
  found: boolean;
  answer: string | null;
  start: number | null;
  end: number | null;
  confidence: number;
}

export interface FoundMessage {
  kind: "found";
  key: number;
  results: Candidate[];
}

export interface ReadFailedMessage {
  kind: "failed";
  key: number;
  error: string;
}

export interface AskRequest {
  key: string;
  text: string;
  language: string;
}

export interface ExplainRequest {
  key: string;
  id: string;
}

export interface FeedbackRequest {
  interaction_id: string;
  answer_id: string;
  verdict: Verb;
  note: string;
  edited_text: string;
}

/** `tags` are separated by commas. */
export interface WriteRequest {
  question: string;
  answer: string;
  language: string;
  tags: string;
}

export interface WriteReply {
  id: string;
}

export interface ReadRequest {
  key: number;
  question: string;
  context: string;
}

export interface FindRequest {
  key: number;
  query: string;
}

/** By the name that a module triggers: what it sends along. */
export interface DeskEvents {
  ask: AskRequest;
  explain: ExplainRequest;
  halt: undefined;
  fresh: undefined;
}

export interface ReadEvents {
  read: ReadRequest;
  find: FindRequest;
}

/** By the name of a server function: its request, and what its reply holds besides `ok`. */
export interface DeskFunctions {
  feedback: [FeedbackRequest, object];
  write: [WriteRequest, WriteReply];
}
