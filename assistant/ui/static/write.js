// The form for a new answer.
import { button, el, field } from "./dom.js";

/** @import { Reply } from "./gradio_component.js" */
/** @import { WriteReply, WriteRequest } from "./records.js" */

export class WriteForm {
  /**
   * @param {(answer: WriteRequest) => Promise<Reply<WriteReply>>} save
   * @param {() => void} saved
   */
  constructor(save, saved) {
    this.save = save;
    this.saved = saved;
    this.question = el("textarea", { class: "rp-input", id: "rp-new-question", rows: "3", required: true });
    this.answer = el("textarea", { class: "rp-input", id: "rp-new-answer", rows: "9", required: true });
    this.language = el(
      "select",
      { class: "rp-input", id: "rp-new-language" },
      el("option", { value: "auto", text: "Detect" }),
      el("option", { value: "en", text: "English" }),
      el("option", { value: "pt", text: "Portuguese" }),
    );
    this.tags = el("input", { class: "rp-input", id: "rp-new-tags", placeholder: "delivery, returns" });
    this.error = el("p", { class: "rp-error", role: "alert" });
    this.submit = el("button", { type: "submit", class: "rp-button rp-primary", text: "Save answer" });
    const form = el(
      "form",
      { method: "dialog" },
      el("h2", { text: "New answer", id: "rp-new-title" }),
      field("Question", this.question),
      field("Answer", this.answer),
      el("div", { class: "rp-pair" }, field("Language", this.language), field("Tags", this.tags)),
      this.error,
      el("div", { class: "rp-actions" }, this.submit, button("Cancel", { onclick: () => this.root.close() })),
    );
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.send();
    });
    /** @type {HTMLDialogElement} */
    this.root = el("dialog", { class: "rp-dialog", "aria-labelledby": "rp-new-title" }, form);
  }

  /**
   * @param {string} question
   * @param {string} answer
   */
  open(question, answer) {
    this.question.value = question;
    this.answer.value = answer;
    this.language.value = "auto";
    this.tags.value = "";
    this.error.textContent = "";
    this.root.showModal();
    (question ? this.answer : this.question).focus();
  }

  async send() {
    this.submit.disabled = true;
    const reply = await this.save({
      question: this.question.value,
      answer: this.answer.value,
      language: this.language.value,
      tags: this.tags.value,
    });
    this.submit.disabled = false;
    if (!reply.ok) {
      this.error.textContent = reply.error;
      return;
    }
    this.root.close();
    this.saved();
  }
}
