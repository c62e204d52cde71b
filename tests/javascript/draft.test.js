import assert from "node:assert/strict";
import test from "node:test";
import { withAnswer } from "../../assistant/ui/static/draft.js";

/** @param {number} part @param {string} [interaction] */
const source = (part, interaction = "i1") => ({ interaction, answer: `a${part}`, part });

const empty = { text: "", sources: [] };
const first = withAnswer(empty, source(0), "First.");

test("the first answer is the draft", () => {
  assert.deepEqual(first, { text: "First.", sources: [source(0)], joined: false });
});

test("an answer to another question of the same message goes below", () => {
  const both = withAnswer({ ...first, text: "First, edited.\n" }, source(1), "Second.");
  assert.deepEqual(both, { text: "First, edited.\n\nSecond.", sources: [source(0), source(1)], joined: true });
});

test("another answer to the same question replaces, also where there are several", () => {
  assert.equal(withAnswer(first, source(0), "Other.").text, "Other.");
  const both = withAnswer(first, source(1), "Second.");
  assert.deepEqual(withAnswer(both, source(1), "Other."), { text: "Other.", sources: [source(1)], joined: false });
});

test("an answer to another message replaces", () => {
  assert.deepEqual(withAnswer(first, source(1, "i2"), "New."), {
    text: "New.",
    sources: [source(1, "i2")],
    joined: false,
  });
});

test("nothing is put below an emptied draft, or below one that was written by hand", () => {
  assert.equal(withAnswer({ ...first, text: " \n" }, source(1), "Second.").joined, false);
  assert.equal(withAnswer({ text: "By hand.", sources: [] }, source(1), "Second.").text, "Second.");
});
