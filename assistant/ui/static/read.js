// The Read tab: question and text in, the place of the answer out.
import { follow, rootOf } from "./component.js";
import { button, el, field, marked, problem, waiting } from "./dom.js";
import { passagePieces } from "./marks.js";
import { UNREACHABLE } from "./server.js";
import { LANGUAGES, locale, percent } from "./wording.js";

/** @import { Component } from "./gradio_component.js" */
/** @import { Candidate, FoundMessage, ReadEvents, ReadFailedMessage, ReadingMessage } from "./records.js" */

/** @typedef {ReadingMessage | FoundMessage | ReadFailedMessage} Message */
/** @typedef {Component<Message, ReadEvents>} ReadComponent */

const EXAMPLE = {
  question: "Qual é o prazo para pedir o reembolso?",
  context:
    "A loja aceita devoluções de produtos sem uso. O prazo para pedir o reembolso é de 30 dias após a entrega, " +
    "e o valor volta pela mesma forma de pagamento em até dez dias úteis.",
};

/** @param {ReadComponent} component */
export function start(component) {
  const reader = new Reader(component.trigger, rootOf(component.element));
  follow(component, (value) => reader.receive(value));
}

class Reader {
  /**
   * @param {ReadComponent["trigger"]} trigger
   * @param {HTMLElement} root
   */
  constructor(trigger, root) {
    this.trigger = trigger;
    this.key = 0;
    this.question = el("textarea", {
      class: "rp-input",
      id: "rp-read-question",
      rows: "2",
      placeholder: EXAMPLE.question,
    });
    this.context = el("textarea", {
      class: "rp-input",
      id: "rp-read-context",
      rows: "10",
      placeholder: "Paste the text, or pick a past answer.",
    });
    this.query = el("input", {
      class: "rp-input",
      id: "rp-read-query",
      type: "search",
      placeholder: "Search the library",
    });
    this.results = el("ul", { class: "rp-results", "aria-live": "polite" });
    this.submit = button("Find the answer", { class: "rp-primary", onclick: () => this.read() });
    const empty = el("p", { class: "rp-fine", text: "The answer and its place in the text appear here." });
    this.result = el("div", { class: "rp-result", "aria-live": "polite" }, empty);
    this.question.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
        event.preventDefault();
        this.read();
      }
    });
    window.addEventListener("resposta:found", ({ detail }) => this.receive(detail));
    window.addEventListener("resposta:failed", ({ detail }) => {
      if (detail === "read" || detail === "find") this.fail(UNREACHABLE);
    });
    const example = button("Try an example", { class: "rp-quiet", onclick: () => this.example() });
    const pick = el("summary", { text: "Pick a past answer as the text" });
    root.replaceChildren(
      el(
        "div",
        { class: "rp-left" },
        field("Question (Portuguese)", this.question),
        field("Text", this.context),
        el("div", { class: "rp-actions" }, this.submit, example),
        el("details", { class: "rp-pick" }, pick, this.search(), this.results),
      ),
      el(
        "aside",
        { class: "rp-reply", "aria-label": "Answer" },
        el("h2", { class: "rp-title", text: "Answer" }),
        this.result,
      ),
    );
  }

  search() {
    const submit = el("button", { type: "submit", class: "rp-button", text: "Search" });
    const form = el("form", { class: "rp-search", role: "search" }, this.query, submit);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.find();
    });
    return form;
  }

  example() {
    this.question.value = EXAMPLE.question;
    this.context.value = EXAMPLE.context;
    this.read();
  }

  read() {
    this.submit.disabled = true;
    this.result.replaceChildren(waiting("Reading…"));
    this.key += 1;
    this.trigger("read", { key: this.key, question: this.question.value, context: this.context.value });
  }

  find() {
    this.key += 1;
    this.trigger("find", { key: this.key, query: this.query.value });
  }

  /** @param {Message} value */
  receive(value) {
    if (value.kind === "failed" && value.key === this.key) this.fail(value.error);
    if (value.kind === "found") this.found(value.results);
    if (value.kind === "reading" && value.key === this.key) this.shown(value);
  }

  /** @param {ReadingMessage} reading */
  shown({ answer, start, end, confidence, context, notice }) {
    this.submit.disabled = false;
    const told = notice ? el("p", { class: "rp-fine", text: notice }) : "";
    if (answer === null || start === null || end === null) {
      const said = el("strong", { text: "Not in the text" });
      const translated = el("p", { lang: "pt-BR", text: "Não está no texto." });
      this.result.replaceChildren(el("div", { class: "rp-none" }, said, translated), told);
      return;
    }
    const passage = marked(passagePieces(context, start, end));
    this.result.replaceChildren(
      el("p", { class: "rp-short", lang: "pt-BR", text: answer }),
      el("p", { class: "rp-fine", text: `Confidence ${percent(confidence)}` }),
      el("div", { class: "rp-answer rp-context", lang: "pt-BR" }, passage),
      told,
    );
    this.result.querySelector("mark")?.scrollIntoView({ block: "nearest" });
  }

  /** @param {Candidate[]} results */
  found(results) {
    const entry = (/** @type {Candidate} */ one) => {
      const onclick = () => this.pick(one);
      const pick = button(one.question, { class: "rp-example", lang: locale(one.language), onclick });
      return el("li", {}, pick, el("span", { class: "rp-fine", text: LANGUAGES[one.language] }));
    };
    const none = el("li", { class: "rp-fine", text: "Nothing found." });
    this.results.replaceChildren(...(results.length ? results.map(entry) : [none]));
  }

  /** @param {Candidate} one */
  pick(one) {
    this.context.value = one.answer;
    this.question.focus();
  }

  /** @param {string} message */
  fail(message) {
    this.submit.disabled = false;
    this.result.replaceChildren(problem(message));
  }
}
