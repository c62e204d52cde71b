// The Read tab: question and text in, the place of the answer out.
import { button, el, field, follow, LANGUAGES, locale, percent, show } from "./dom.js";
import { UNREACHABLE } from "./server.js";

const EXAMPLE = {
  question: "Qual é o prazo para pedir o reembolso?",
  context:
    "A loja aceita devoluções de produtos sem uso. O prazo para pedir o reembolso é de 30 dias após a entrega, " +
    "e o valor volta pela mesma forma de pagamento em até dez dias úteis.",
};

export function start(component) {
  const root = component.element.querySelector(".rp-root");
  const reader = new Reader(component, root);
  follow(component, (value) => reader.receive(value));
}

class Reader {
  constructor({ trigger }, root) {
    this.trigger = trigger;
    this.key = 0;
    this.question = el("textarea", { class: "rp-input", id: "rp-read-question", rows: "2", placeholder: EXAMPLE.question });
    this.context = el("textarea", { class: "rp-input", id: "rp-read-context", rows: "10", placeholder: "Paste the text, or pick a past answer." });
    this.query = el("input", { class: "rp-input", id: "rp-read-query", type: "search", placeholder: "Search the library" });
    this.results = el("ul", { class: "rp-results", "aria-live": "polite" });
    this.submit = button("Find the answer", { class: "rp-primary", onclick: () => this.read() });
    this.result = el("div", { class: "rp-result", "aria-live": "polite" }, el("p", { class: "rp-fine", text: "The answer and its place in the text appear here." }));
    const search = el("form", { class: "rp-search", role: "search" }, this.query, el("button", { type: "submit", class: "rp-button", text: "Search" }));
    search.addEventListener("submit", (event) => {
      event.preventDefault();
      this.find();
    });
    this.question.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
        event.preventDefault();
        this.read();
      }
    });
    window.addEventListener("resposta:found", ({ detail }) => this.receive(detail));
    window.addEventListener("resposta:failed", ({ detail }) => ["read", "find"].includes(detail) && this.fail(UNREACHABLE));
    root.replaceChildren(
      el(
        "div",
        { class: "rp-left" },
        field("Question (Portuguese)", this.question),
        field("Text", this.context),
        el("div", { class: "rp-actions" }, this.submit, button("Try an example", { class: "rp-quiet", onclick: () => this.example() })),
        el("details", { class: "rp-pick" }, el("summary", { text: "Pick a past answer as the text" }), search, this.results),
      ),
      el("aside", { class: "rp-reply", "aria-label": "Answer" }, el("h2", { class: "rp-title", text: "Answer" }), this.result),
    );
  }

  example() {
    this.question.value = EXAMPLE.question;
    this.context.value = EXAMPLE.context;
    this.read();
  }

  read() {
    this.busy(true);
    this.result.replaceChildren(el("p", { class: "rp-state" }, el("span", { class: "rp-spinner", "aria-hidden": "true" }), "Reading…"));
    this.trigger("read", { key: ++this.key, question: this.question.value, context: this.context.value });
  }

  find() {
    this.trigger("find", { key: ++this.key, query: this.query.value });
  }

  receive(value) {
    if (value.kind === "failed" && value.key === this.key) this.fail(value.error);
    if (value.kind === "found") this.found(value.results);
    if (value.kind === "reading" && value.key === this.key) this.shown(value);
  }

  shown({ found, answer, start, end, confidence, context, notice }) {
    this.busy(false);
    const told = notice ? [el("p", { class: "rp-fine", text: notice })] : [];
    if (!found) {
      this.result.replaceChildren(el("div", { class: "rp-none" }, el("strong", { text: "Not in the text" }), el("p", { lang: "pt-BR", text: "Não está no texto." })), ...told);
      return;
    }
    // Offsets count whole characters, JavaScript's strings count UTF-16 units.
    const characters = [...context];
    const mark = el("mark", { text: characters.slice(start, end).join("") });
    this.result.replaceChildren(
      el("p", { class: "rp-short", lang: "pt-BR", text: answer }),
      el("p", { class: "rp-fine", text: `Confidence ${percent(confidence)}` }),
      el("div", { class: "rp-answer rp-context", lang: "pt-BR" }, characters.slice(0, start).join(""), mark, characters.slice(end).join("")),
      ...told,
    );
    mark.scrollIntoView({ block: "nearest" });
  }

  found(results) {
    const entry = (one) =>
      el("li", {}, button(one.question, { class: "rp-example", lang: locale(one.language), onclick: () => this.pick(one) }), el("span", { class: "rp-fine", text: LANGUAGES[one.language] }));
    this.results.replaceChildren(...(results.length ? results.map(entry) : [el("li", { class: "rp-fine", text: "Nothing found." })]));
  }

  pick(one) {
    this.context.value = one.answer;
    this.question.focus();
  }

  fail(message) {
    this.busy(false);
    this.result.replaceChildren(el("p", { class: "rp-error", role: "alert", text: message }));
  }

  busy(on) {
    this.submit.disabled = on;
    show(this.result, true);
  }
}
