import assert from "node:assert/strict";
import test from "node:test";
import { call, UNREACHABLE } from "../../assistant/ui/static/server.js";

/** @import { Server } from "../../assistant/ui/static/gradio_component.js" */

test("a reply arrives as it is, and its request at the named function", async () => {
  /** @type {Server<{ double: [{ n: number }, { twice: number }] }>} */
  const server = { double: async ({ n }) => ({ ok: true, twice: 2 * n }) };
  assert.deepEqual(await call(server, "double", { n: 4 }), { ok: true, twice: 8 });
});

test("a call that gets lost, and one without a reply, become a reply that says so", async () => {
  const lost = async () => {
    throw new TypeError("Failed to fetch");
  };
  const server = { lost, empty: async () => null };
  const refusal = { ok: false, error: UNREACHABLE };
  assert.deepEqual(await call(server, "lost", {}), refusal);
  assert.deepEqual(await call(server, "empty", {}), refusal);
});
