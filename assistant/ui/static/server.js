// Asking the server. A call that gets lost becomes a reply that says so.

export const UNREACHABLE = "The server is busy or cannot be reached. Wait a moment and try again.";

// Resolves to what the function `name` replies: {ok, …}, and `error` where that is false.
export async function call(server, name, request = {}) {
  try {
    return (await server[name](request)) ?? { ok: false, error: UNREACHABLE };
  } catch {
    return { ok: false, error: UNREACHABLE };
  }
}
