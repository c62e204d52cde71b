// Texts cut into pieces, some of which are marked.

/** @typedef {{ text: string, marked: boolean }} Piece */

const WORD = /([\p{L}\p{M}\p{N}_]+(?:['’][\p{L}\p{M}\p{N}_]+)*)/u;
const PLACEHOLDER = /\{\{?\s*[\p{L}_][\p{L}\p{N}_ .-]{0,39}\}\}?/gu;

/**
 * `text` with the given words marked: whole words, in any case.
 * @param {string} text
 * @param {string[]} words
 * @returns {Piece[]}
 */
export function wordPieces(text, words) {
  const wanted = new Set(words.map((word) => word.toLowerCase()));
  return text.split(WORD).map((piece) => ({ text: piece, marked: wanted.has(piece.toLowerCase()) }));
}

/**
 * The placeholders that are still in a reply, each once, such as {name}.
 * @param {string} text
 */
export const placeholders = (text) => [...new Set(text.match(PLACEHOLDER) ?? [])];

/**
 * `text` with its placeholders marked.
 * @param {string} text
 * @returns {Piece[]}
 */
export function placeholderPieces(text) {
  const pieces = [];
  let at = 0;
  for (const found of text.matchAll(PLACEHOLDER)) {
    pieces.push({ text: text.slice(at, found.index), marked: false }, { text: found[0], marked: true });
    at = found.index + found[0].length;
  }
  return [...pieces, { text: text.slice(at), marked: false }];
}

/**
 * `text` with one passage marked. `start` and `end` count whole characters; JavaScript's strings count UTF-16 units.
 * @param {string} text
 * @param {number} start
 * @param {number} end
 * @returns {Piece[]}
 */
export function passagePieces(text, start, end) {
  const characters = [...text];
  return [
    { text: characters.slice(0, start).join(""), marked: false },
    { text: characters.slice(start, end).join(""), marked: true },
    { text: characters.slice(end).join(""), marked: false },
  ];
}
