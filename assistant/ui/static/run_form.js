// The form that begins a run.
import { button, el, field } from "./dom.js";
import { options } from "./evaluation_parts.js";
import { short } from "./evaluation_words.js";
import { plainName } from "./run_words.js";
import { LANGUAGES } from "./wording.js";

/** @import { DataSet, Run, RunReply, StartRequest, Task, Version } from "./evaluation_records.js" */
/** @import { Reply } from "./gradio_component.js" */
/** @import { Language } from "./records.js" */

const ABOUT =
  "It runs at the lowest priority, so that agents' questions stay fast. You can cancel it and continue it later. " +
  "Files and folders that were placed in evaluations/data, inside the data folder, can be chosen as well.";

export class RunForm {
  /**
   * @param {(request: StartRequest) => Promise<Reply<RunReply>>} start
   * @param {(run: Run | null) => void} started
   */
  constructor(start, started) {
    this.start = start;
    this.started = started;
    this.root = el("dialog", { class: "rp-dialog", "aria-labelledby": "rp-run-title" });
  }

  /**
   * @param {Task} task
   * @param {Version[]} versions
   * @param {DataSet[]} data
   */
  open(task, versions, data) {
    const known = versions.filter((one) => one.task === task);
    const sets = data.filter((one) => one.task === task);
    const first = known.find((one) => one.stage === "staging") ?? known[0];
    /** @type {Pick<StartRequest, "digest" | "data" | "language">} */
    const chosen = { digest: first?.digest ?? "", data: sets[0]?.name ?? "", language: "en" };
    const leaks = el("input", { type: "checkbox" });
    const limit = el("input", { type: "number", class: "rp-input", min: "1", step: "1", placeholder: "all" });
    const error = el("p", { class: "rp-error", role: "alert" });
    const css = "rp-button rp-primary";
    const disabled = !chosen.digest || !chosen.data;
    const submit = el("button", { type: "submit", class: css, text: "Measure", disabled });
    const names = known.map((one) => [one.digest, `${one.name} ${short(one.digest)} (${one.stage})`]);
    const abouts = sets.map((one) => [one.name, `${plainName(one.name)}: ${one.about}`]);
    const language = options(LANGUAGES, chosen.language, (/** @type {Language} */ one) => {
      chosen.language = one;
    });
    const version = options(Object.fromEntries(names), chosen.digest, (/** @type {string} */ digest) => {
      chosen.digest = digest;
    });
    const set = options(Object.fromEntries(abouts), chosen.data, (/** @type {string} */ name) => {
      chosen.data = name;
    });
    const leave = el("span", { text: "Leave out rows that its training used (otherwise they end the run)" });
    const form = el(
      "form",
      { method: "dialog" },
      el("h2", { text: "Measure a version", id: "rp-run-title" }),
      field("Version", version),
      field("Data", set),
      task === "question-similarity" ? field("Language of a file that names none", language) : null,
      field("Rows at most", limit),
      el("label", { class: "rp-report" }, leaks, leave),
      el("p", { class: "rp-fine", text: ABOUT }),
      error,
      el("div", { class: "rp-actions" }, submit, button("Cancel", { onclick: () => this.root.close() })),
    );
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      submit.disabled = true;
      const most = limit.value ? Number(limit.value) : null;
      const found = await this.start({ ...chosen, limit: most, drop_leaks: leaks.checked });
      submit.disabled = false;
      error.textContent = found.ok ? "" : found.error;
      if (!found.ok) return;
      this.root.close();
      this.started(found.run);
    });
    this.root.replaceChildren(form);
    this.root.showModal();
  }
}
