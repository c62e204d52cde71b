// Measuring a version from the tab: its progress, its end, and runs that can be continued.
import { button, el, problem, show } from "./dom.js";
import { RunForm } from "./run_form.js";
import { isActive, isSame, progressOf, rowsOf } from "./run_words.js";

/** @import { Evaluation } from "./evaluation.js" */
/** @import { Asked, Overview, Run, RunReply } from "./evaluation_records.js" */
/** @import { Reply } from "./gradio_component.js" */

const LOOK_EVERY_MS = 1500;

export class Runs {
  // What shows how far the run is.
  /** @type {HTMLElement} */
  said;
  /** @type {HTMLProgressElement} */
  bar;

  /** @param {Evaluation} tab */
  constructor(tab) {
    this.tab = tab;
    /** @type {Run | null} */
    this.run = null;
    /** @type {Asked[]} */
    this.unfinished = [];
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
    this.root = el("div", { class: "rp-run", hidden: true });
    this.form = new RunForm(
      (request) => tab.call("start", request),
      (run) => this.started(run),
    );
    const onclick = () => this.form.open(tab.task, tab.versions, tab.data);
    this.opener = button("Measure a version", { class: "rp-primary", onclick });
  }

  /** @param {Overview} overview */
  take({ run, unfinished }) {
    this.unfinished = unfinished;
    show(this.opener, this.tab.manage);
    this.draw(run);
    if (isActive(run)) this.look();
  }

  /** @param {Run | null} run */
  started(run) {
    this.draw(run);
    this.look();
  }

  /** @param {Run | null} run */
  draw(run) {
    const before = this.run;
    this.run = run;
    if (before && run && before.state === run.state && isSame(before, run)) {
      // The same nodes stay, so that Cancel keeps the focus.
      this.said.textContent = ` ${progressOf(run)}`;
      if (run.of !== null) Object.assign(this.bar, { max: run.of, value: run.done });
      return;
    }
    const left = this.unfinished.filter((one) => !run || !(isActive(run) || isSame(one, run)));
    const begun = this.tab.manage ? left.map((one) => this.offer(one)) : [];
    this.root.replaceChildren(...(run ? [this.progress(run)] : []), ...begun);
    show(this.root, this.root.childElementCount > 0);
  }

  /** @param {Run} run */
  progress(run) {
    const { manage, versions } = this.tab;
    const name = versions.find((one) => one.digest === run.adapter)?.name ?? "Version";
    const what = `${name} ${run.adapter.slice(0, 8)} on ${rowsOf(run)}`;
    const isStopped = run.state === "stopped" || run.state === "failed";
    this.said = el("span", { role: isActive(run) ? null : "status", text: ` ${progressOf(run)}` });
    this.bar = el("progress", { value: run.of === null ? null : run.done, max: run.of, "aria-label": "Progress" });
    return el(
      "div",
      { class: `rp-run-now rp-run-${run.state}` },
      el("p", {}, el("strong", { text: what }), this.said),
      isActive(run) ? this.bar : null,
      manage && isActive(run) ? this.canceller(run) : null,
      run.state === "done" ? quiet("Show its report", () => this.tab.showNewest(run.adapter)) : null,
      manage && isStopped ? this.continuer(run) : null,
    );
  }

  /** @param {Asked} asked */
  offer(asked) {
    const text = `Started earlier and not finished: ${asked.adapter.slice(0, 8)} on ${rowsOf(asked)}.`;
    return el("div", { class: "rp-run-now" }, el("p", { text }), this.continuer(asked));
  }

  /** @param {Run} run */
  canceller(run) {
    const onclick = async () => this.answered(await this.tab.call("cancel", {}));
    return button("Cancel", { class: "rp-quiet", disabled: run.state === "stopping", onclick });
  }

  /** @param {Asked} asked */
  continuer({ adapter, data, limit, drop_leaks, language }) {
    const request = { digest: adapter, data, limit, drop_leaks, language };
    return quiet("Continue", async () => this.answered(await this.tab.call("start", request)));
  }

  /** @param {Reply<RunReply>} found */
  answered(found) {
    if (found.ok) this.started(found.run);
    else this.root.append(problem(found.error));
  }

  look() {
    clearTimeout(this.timer);
    this.timer = setTimeout(async () => {
      const found = await this.tab.call("run", {});
      // What cannot be reached just now is asked again.
      if (found.ok) this.draw(found.run);
      // The list is read anew at the end, but not under a form that somebody is filling in.
      const isBusy = !found.ok || isActive(found.run) || this.tab.root.querySelector("dialog[open]");
      if (isBusy) this.look();
      else this.tab.again();
    }, LOOK_EVERY_MS);
  }
}

/**
 * @param {string} label
 * @param {() => void} onclick
 */
const quiet = (label, onclick) => button(label, { class: "rp-quiet", onclick });
