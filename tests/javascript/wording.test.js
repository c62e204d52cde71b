import assert from "node:assert/strict";
import test from "node:test";
import { percent, reasonOf, shortDate, signalsOf, verdictOf } from "../../assistant/ui/static/wording.js";

/** @import { Label, Match, Part } from "../../assistant/ui/static/records.js" */

/** @param {Label} label @returns {Match} */
const match = (label) => ({
  id: "a1",
  question: "Where is it?",
  answer: "On its way.",
  language: "en",
  tags: [],
  author: "",
  date: null,
  phrasing: "Where is it?",
  probability: 0.9,
  label,
  signals: {
    cosine: 0.912,
    answer_cosine: null,
    label_logit: 3.24,
    differing_share: 0.2,
    uncovered_share: 0,
  },
  differences: { asked_only: [], past_only: [] },
  reason: null,
  voted: null,
});

/** @param {Partial<Part>} more @returns {Part} */
const part = (more) => ({
  asked: "Where?",
  language: "en",
  ambiguous: false,
  no_match: false,
  matches: [],
  near_misses: [],
  ...more,
});

test("shares and days", () => {
  assert.deepEqual([0.126, 0, 1, null, undefined].map(percent), ["13%", "0%", "100%", "–", "–"]);
  assert.equal(shortDate("2026-03-09"), "9 Mar 2026");
  assert.equal(shortDate(null), null);
});

test("a card's headline", () => {
  const [same, near] = [match("same"), match("different")];
  assert.equal(verdictOf(same, part({ matches: [same] })), "Same question");
  assert.equal(verdictOf(match("unjudged"), part({})), "Not judged");
  const close = part({ ambiguous: true, matches: [same], near_misses: [near] });
  assert.equal(verdictOf(same, close), "Perhaps the same");
  assert.equal(verdictOf(near, close), "Not the same");
});

test("only signals that were used and that are known are told", () => {
  const { signals } = match("same");
  const used = ["label_logit", "answer_cosine", "cosine"];
  assert.deepEqual(signalsOf(signals, used), ["similarity 0.91", "model +3.2"]);
  assert.deepEqual(signalsOf({ ...signals, label_logit: -1 }, ["label_logit"]), ["model -1.0"]);
  assert.deepEqual(signalsOf(signals, ["uncovered_share"]), ["words without an answer 0%"]);
});

test("a reason, a hidden one, and none", () => {
  assert.equal(reasonOf("Both ask where it is.", null), "Both ask where it is.");
  assert.equal(reasonOf(null, null), "No reason given.");
  assert.equal(reasonOf("…", "quotes words nobody wrote"), "Reason hidden: it quoted words that nobody wrote.");
});
