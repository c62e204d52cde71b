import assert from "node:assert/strict";
import test from "node:test";
import { summaryOf } from "../../assistant/ui/static/evaluation_changes.js";
import { numbers, reasonShares, shownByTheApp } from "../../assistant/ui/static/evaluation_facts.js";
import { dateOf, figure, flatMetrics, nameOf, share, titleOf } from "../../assistant/ui/static/evaluation_words.js";

test("figures, shares and dates", () => {
  assert.deepEqual([0.12345, null, undefined].map(figure), ["0.123", "–", "–"]);
  assert.deepEqual([0.5, Number.NaN].map(share), ["50.0 %", "–"]);
  assert.equal(dateOf("2026-11-20T10:00:00+00:00"), "20 Nov 2026");
  assert.equal(dateOf(""), "no date");
});

test("a report's name, and its title that says of leaks", () => {
  const judge = { system: "judge", model: { version: "a".repeat(64) }, branded: true };
  assert.equal(nameOf(judge), "Judge · aaaaaaaa");
  assert.equal(titleOf(judge), "Judge · aaaaaaaa (leaks)");
  assert.equal(titleOf({ system: "tfidf", model: {}, branded: false }), "tfidf");
});

test("a version's metrics under their whole names", () => {
  assert.deepEqual(flatMetrics({ qqp: { f1: 0.81234, rows: 1200 }, loss: 0.5, seeds: [1, 2], note: "x", none: null }), [
    ["qqp f1", "0.812"],
    ["qqp rows", "1,200"],
    ["loss", "0.500"],
  ]);
});

test("costs with their units", () => {
  assert.equal(
    numbers({ seconds: 61.234567, peak_memory_bytes: 2 ** 31, device: "cpu" }),
    "seconds 61.23, peak memory 2.00 GiB",
  );
});

test("what the app shows at its own threshold", () => {
  const at = { threshold: 0.55, accuracy: 0.9, precision: null, recall: 0 };
  assert.equal(shownByTheApp({ pt: at }), "Portuguese, shown at 0.550 or above: precision –, recall 0.000");
  assert.equal(shownByTheApp({}), "");
});

test("what the reasons are like", () => {
  const found = {
    "written.reasons": 20,
    "written.agrees_with_verdict": 0.95,
    "written.quoted_words_found": 1,
    "shown.reasons": 18,
  };
  assert.equal(
    reasonShares(found),
    "18 of 20 shown, 95 % argue for the verdict, 100 % of the quoted words are in the questions",
  );
});

test("whether chance explains a change", () => {
  const rows = { rows_compared: 1240, won: 30, lost: 4 };
  assert.equal(
    summaryOf({ ...rows, p_value: 0.0001 }),
    "Of 1,240 common rows, 30 were gained and 4 lost: more than chance explains (McNemar's exact test, p < 0.001).",
  );
  assert.match(summaryOf({ ...rows, p_value: 0.05 }), /: no more than chance explains .*p = 0\.050/);
});
