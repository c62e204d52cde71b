// What stands in an empty conversation: examples that can be asked with a click.
import { button, el } from "./dom.js";

const EXAMPLES = {
  English: [
    "Tracking says delivered but there's nothing here. What now?",
    "The helmet is too small, can I swap it for a bigger one?",
    "How do I unsubscribe from your newsletter?",
  ],
  Português: [
    "Esqueci minha senha e não consigo entrar na conta",
    "Perdi o boleto e ele ainda não venceu, como pego outro?",
    "A outra pessoa aqui de casa pode receber meu pedido?",
  ],
};

/** @param {(text: string) => void} ask */
export function welcome(ask) {
  const example = (/** @type {string} */ text) => button(text, { class: "rp-example", onclick: () => ask(text) });
  const columns = Object.entries(EXAMPLES).map(([language, questions]) => {
    const lang = language === "Português" ? "pt-BR" : "en";
    return el("div", { lang }, el("h3", { text: language }), ...questions.map(example));
  });
  return el(
    "div",
    { class: "rp-empty" },
    el("h2", { text: "What did the customer ask?" }),
    el("p", { text: "Paste it below. You get the answers your team already gave, and why they fit." }),
    el("div", { class: "rp-examples" }, ...columns),
  );
}
