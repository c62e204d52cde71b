// Asking the server. A call that gets lost becomes a reply that says so.

/** @import { Functions, Reply, Server } from "./gradio_component.js" */

export const UNREACHABLE = "The server is busy or cannot be reached. Wait a moment and try again.";

/**
 * Resolves to what the function `name` replies: {ok, …}, and `error` where `ok` is false.
 * @template {Functions<Known>} Known
 * @template {keyof Known} Name
 * @param {Server<Known>} server
 * @param {Name} name
 * @param {Known[Name][0]} request
 * @returns {Promise<Reply<Known[Name][1]>>}
 */
export async function call(server, name, request) {
  const functions = /** @type {Record<PropertyKey, (request: unknown) => Promise<any>>} */ (server);
  try {
    return (await functions[name](request)) ?? { ok: false, error: UNREACHABLE };
  } catch {
    return { ok: false, error: UNREACHABLE };
  }
}
