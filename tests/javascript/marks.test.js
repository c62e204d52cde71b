import assert from "node:assert/strict";
import test from "node:test";
import { passagePieces, placeholderPieces, placeholders, wordPieces } from "../../assistant/ui/static/marks.js";

/** @param {{ text: string, marked: boolean }[]} pieces */
const markedTexts = (pieces) => pieces.filter((one) => one.marked).map((one) => one.text);

/** @param {{ text: string }[]} pieces */
const whole = (pieces) => pieces.map((one) => one.text).join("");

test("words are marked whole, in any case, and the text stays as it was", () => {
  const text = "Não, o BOLETO; meu boleto-2 e os boletos. Don't dont";
  const pieces = wordPieces(text, ["Boleto", "don't", "não"]);
  assert.deepEqual(markedTexts(pieces), ["Não", "BOLETO", "boleto", "Don't"]);
  assert.equal(whole(pieces), text);
});

test("nothing is marked without words, and punctuation is no word", () => {
  assert.deepEqual(markedTexts(wordPieces("a, b", [])), []);
  assert.deepEqual(markedTexts(wordPieces("a, b", [","])), []);
});

test("placeholders are found once each", () => {
  const text = "Hi {name}, order {{ order_number }} of {name} {} {1} {data do pedido} { not\nthis }";
  assert.deepEqual(placeholders(text), ["{name}", "{{ order_number }}", "{data do pedido}"]);
  assert.deepEqual(placeholders("none"), []);
});

test("every placeholder is marked where it stands", () => {
  const text = "{name}: {name} of {order}.";
  const pieces = placeholderPieces(text);
  assert.deepEqual(markedTexts(pieces), ["{name}", "{name}", "{order}"]);
  assert.equal(whole(pieces), text);
  assert.deepEqual(placeholderPieces(""), [{ text: "", marked: false }]);
});

test("a passage is counted in characters, not in UTF-16 units", () => {
  const [before, inside, after] = passagePieces("🎁🎁 em 30 dias 🎁", 3, 13).map((one) => one.text);
  assert.deepEqual([before, inside, after], ["🎁🎁 ", "em 30 dias", " 🎁"]);
});
