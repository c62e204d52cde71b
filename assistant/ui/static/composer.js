// The box an agent pastes a customer's message into.
import { el, icon } from "./dom.js";

const MOST_HEIGHT = 180;

export class Composer {
  /** @param {(text: string, language: string) => void} send */
  constructor(send) {
    this.send = send;
    this.field = el("textarea", {
      class: "rp-ask",
      rows: "1",
      disabled: true,
      placeholder: "Paste the customer's question",
      "aria-label": "Customer's question",
      enterkeyhint: "send",
    });
    this.language = el(
      "select",
      { class: "rp-language", "aria-label": "Language of the question" },
      el("option", { value: "auto", text: "Auto" }),
      el("option", { value: "en", text: "English" }),
      el("option", { value: "pt", text: "Português" }),
    );
    const submit = { type: "submit", class: "rp-send", "aria-label": "Send", disabled: true };
    this.button = el("button", submit, icon("send"));
    const row = el("div", { class: "rp-composer-row" }, this.language, this.button);
    this.root = el("form", { class: "rp-composer" }, this.field, row);
    this.root.addEventListener("submit", (event) => {
      event.preventDefault();
      this.submit();
    });
    this.field.addEventListener("keydown", (event) => {
      // An Enter that ends a composed character (accents, Asian input) does not send.
      if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
        event.preventDefault();
        this.submit();
      }
    });
    this.field.addEventListener("input", () => this.refresh());
  }

  open() {
    this.field.disabled = false;
    this.refresh();
  }

  submit() {
    const text = this.field.value;
    if (!text.trim() || this.field.disabled) return;
    this.field.value = "";
    this.refresh();
    this.send(text, this.language.value);
  }

  /** @param {boolean} busy */
  judging(busy) {
    this.button.classList.toggle("rp-busy", busy);
    this.button.setAttribute("aria-label", busy ? "Send (the last question is still being judged)" : "Send");
  }

  refresh() {
    this.button.disabled = this.field.disabled || !this.field.value.trim();
    this.field.style.height = "auto";
    this.field.style.height = `${Math.min(this.field.scrollHeight, MOST_HEIGHT)}px`;
  }
}
