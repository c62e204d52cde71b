// The box an agent pastes a customer's message into.
import { el, icon } from "./dom.js";

export class Composer {
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
    this.button = el("button", { type: "submit", class: "rp-send", "aria-label": "Send", disabled: true }, icon("send"));
    this.root = el("form", { class: "rp-composer" }, this.field, el("div", { class: "rp-composer-row" }, this.language, this.button));
    this.root.addEventListener("submit", (event) => {
      event.preventDefault();
      this.submit();
    });
    this.field.addEventListener("keydown", (event) => {
      // Enter that ends a composed character (accents, Asian input) is not a wish to send.
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

  // Chosen example or failed message: back into the box.
  fill(text) {
    this.field.value = text;
    this.refresh();
    this.field.focus();
  }

  judging(busy) {
    this.button.classList.toggle("rp-busy", busy);
    this.button.setAttribute("aria-label", busy ? "Send (the last question is still being judged)" : "Send");
  }

  refresh() {
    this.button.disabled = this.field.disabled || !this.field.value.trim();
    this.field.style.height = "auto";
    this.field.style.height = `${Math.min(this.field.scrollHeight, 180)}px`;
  }
}
