import assert from "node:assert/strict";
import test from "node:test";
import { EFFECTS } from "../../assistant/ui/static/move_words.js";

// assistant/serving/swap.py takes a version into service while the app runs; on ZeroGPU nobody follows the registry.
test("a version that moves into production is used at once, and on ZeroGPU from the next start", () => {
  for (const words of [EFFECTS.production, EFFECTS["roll back"]]) {
    assert.match(words, /The running app loads it and asks it its canary questions/);
    assert.match(words, /otherwise the version in use stays/);
    assert.match(words, /On ZeroGPU it is used from the next start/);
  }
});

test("an archived version in production serves until the next start", () => {
  assert.match(EFFECTS.archive, /keeps this one until its next start/);
});

test("staging says that the app does not use it", () => {
  assert.match(EFFECTS.staging, /the app does not use it/);
});
