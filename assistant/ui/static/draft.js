// The reply that an agent writes out of past answers. Nothing here changes a draft; each function returns a new one.

/**
 * A past answer that was put into the draft: its turn, its id, and which question of the message it is for.
 * @typedef {{ interaction: string, answer: string, part: number }} Source
 */

/** @typedef {{ text: string, sources: Source[] }} Draft */

/**
 * The draft with one more answer. Answers to several questions of one message go below each other; any other replaces
 * the draft.
 * @param {Draft} draft
 * @param {Source} source
 * @param {string} answer
 * @returns {Draft & { joined: boolean }}
 */
export function withAnswer(draft, source, answer) {
  const isOther = (/** @type {Source} */ one) => one.interaction === source.interaction && one.part !== source.part;
  const joined = draft.sources.length > 0 && draft.text.trim() !== "" && draft.sources.every(isOther);
  if (!joined) return { text: answer, sources: [source], joined };
  return { text: `${draft.text.trimEnd()}\n\n${answer}`, sources: [...draft.sources, source], joined };
}
