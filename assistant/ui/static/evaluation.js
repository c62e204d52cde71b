// The Evaluation tab: which reports are looked at, and the views of them.
import { MOST_SERIES, swatch } from "./charts.js";
import { button, el, field, LANGUAGES } from "./dom.js";
import { Changes, Mistakes } from "./evaluation_mistakes.js";
import { Figures } from "./evaluation_figures.js";
import { count, dateOf, figure, HEADLINE, leakWarning, nameOf, options, TASKS } from "./evaluation_words.js";
import { Runs } from "./evaluation_runs.js";
import { call } from "./server.js";
import { Threshold } from "./evaluation_threshold.js";
import { Versions } from "./evaluation_versions.js";

const VIEWS = { figures: "Figures", threshold: "Threshold", mistakes: "Mistakes", changes: "Before and after", versions: "Versions" };
// Chosen when the tab is opened: what is used, and one to compare it with.
const CHOSEN_FIRST = 2;

// Only reports on the very same rows are held beside each other.
const dataOf = (report) => `${report.data.name} ${report.data.sha256}`;

export function start({ element, server }) {
  const root = element.querySelector(".rp-root");
  const tab = new Evaluation(server, root);
  // Nothing is asked of the server before somebody looks.
  new IntersectionObserver((seen, observer) => {
    if (!seen.some((entry) => entry.isIntersecting)) return;
    observer.disconnect();
    tab.load();
  }).observe(root);
}

const waiting = (text) => el("p", { class: "rp-state", role: "status" }, el("span", { class: "rp-spinner", "aria-hidden": "true" }), text);

class Evaluation {
  constructor(server, root) {
    Object.assign(this, { server, root, known: new Map(), chosen: [], view: "figures", language: "all", threshold: null });
    root.replaceChildren(waiting("Looking for reports…"));
  }

  call(name, request) {
    return call(this.server, `evaluation_${name}`, request);
  }

  async load() {
    const found = await this.call("overview");
    if (!found.ok) {
      this.root.replaceChildren(this.problem(found.error), button("Try again", { onclick: () => this.load() }));
      return;
    }
    Object.assign(this, { reports: found.reports, versions: found.versions, data: found.data, manage: found.manage });
    this.task ??= Object.keys(TASKS).find((task) => found.reports.some((one) => one.task === task)) ?? Object.keys(TASKS)[0];
    this.runs ??= new Runs(this);
    this.runs.take(found);
    this.views ??= { figures: new Figures(this), threshold: new Threshold(this), mistakes: new Mistakes(this), changes: new Changes(this), versions: new Versions(this) };
    this.problems = found.problems;
    this.draw();
  }

  // Everything above the views, and then the view that is open.
  draw() {
    this.place = el("div", { class: "rp-view", role: "tabpanel" });
    this.bar = el("div", { class: "rp-tabs", role: "tablist", "aria-label": "What to look at" });
    this.bar.addEventListener("keydown", (event) => this.arrow(event));
    this.root.replaceChildren(
      el("div", { class: "rp-ev-top" }, this.tasks(), this.dataSets(), this.languages(), el("span", { class: "rp-grow" }), this.runs.opener),
      this.runs.root,
      this.runs.form,
      ...this.problems.map((text) => this.problem(text)),
      (this.picker = el("div", { class: "rp-picker" })),
      this.bar,
      this.place,
    );
    this.pick(this.chosen.length ? this.chosen : this.shown().slice(0, CHOSEN_FIRST).map((one) => one.id));
  }

  problem(text) {
    return el("p", { class: "rp-error", role: "alert", text });
  }

  // The reports of the chosen task on the chosen data; what agents use now comes first.
  shown() {
    const used = this.versions.find((one) => one.task === this.task && one.stage === "production")?.digest;
    const found = this.ofTask().filter((one) => dataOf(one) === this.chosenData);
    return [...found.filter((one) => one.model.version === used), ...found.filter((one) => one.model.version !== used)];
  }

  ofTask() {
    return this.reports.filter((one) => one.task === this.task);
  }

  tasks() {
    const choose = (task) => {
      Object.assign(this, { task, chosenData: null, chosen: [], threshold: null, language: "all" });
      this.draw();
    };
    return field("Task", options(TASKS, this.task, choose));
  }

  dataSets() {
    const words = Object.fromEntries(this.ofTask().map((one) => [dataOf(one), `${one.data.name}, ${count(one.data.rows)} rows`]));
    if (!(this.chosenData in words)) this.chosenData = Object.keys(words)[0];
    const choose = (data) => {
      Object.assign(this, { chosenData: data, chosen: [], threshold: null });
      this.draw();
    };
    return field("Data", Object.keys(words).length ? options(words, this.chosenData, choose) : el("span", { class: "rp-fine", text: "no report yet" }));
  }

  languages() {
    const words = { all: "All languages", ...LANGUAGES };
    return field("Language", options(words, this.language, (language) => {
      this.language = language;
      this.open(this.view);
    }));
  }

  pick(ids) {
    this.chosen = this.shown().map((one) => one.id).filter((id) => ids.includes(id)).slice(0, MOST_SERIES);
    const box = (report) => {
      const number = this.chosen.indexOf(report.id);
      const input = el("input", { type: "checkbox", disabled: number < 0 && this.chosen.length === MOST_SERIES });
      input.checked = number >= 0;
      input.addEventListener("change", () => {
        this.pick(input.checked ? [...this.chosen, report.id] : this.chosen.filter((id) => id !== report.id));
        [...this.picker.querySelectorAll("input")].find((one) => one.dataset.id === report.id)?.focus();
      });
      input.dataset.id = report.id;
      const [name, short] = HEADLINE[report.task];
      return el(
        "label",
        { class: "rp-report" },
        input,
        number >= 0 ? swatch(number) : null,
        el("span", { class: "rp-report-name", text: nameOf(report) }),
        report.branded ? el("span", { class: "rp-brand", text: "Leaks" }) : null,
        el("span", { class: "rp-fine", text: `${short} ${figure(report.figures[name])} · ${dateOf(report.created)}` }),
      );
    };
    const none = el("p", { class: "rp-fine", text: this.manage ? "Nothing was measured yet: measure a version to see how good it is." : "Nothing was measured yet." });
    this.picker.replaceChildren(...(this.shown().length ? this.shown().map(box) : [none]));
    this.open(this.view);
  }

  async open(view) {
    const usable = Object.keys(VIEWS).filter((name) => name !== "threshold" || this.task === "question-similarity");
    this.view = usable.includes(view) ? view : "figures";
    this.bar.replaceChildren(
      ...usable.map((name) =>
        el("button", { type: "button", role: "tab", class: "rp-tab", "aria-selected": String(name === this.view), tabindex: name === this.view ? "0" : "-1", onclick: () => this.open(name), text: VIEWS[name] }),
      ),
    );
    const turn = (this.turn = {});
    if (this.view !== "versions" && this.chosen.some((id) => !this.known.has(id))) this.place.replaceChildren(waiting("Reading the reports…"));
    const reports = this.view === "versions" ? [] : await Promise.all(this.chosen.map((id) => this.report(id)));
    if (turn !== this.turn) return;
    const failed = reports.find((one) => !one.ok);
    if (failed) this.place.replaceChildren(this.problem(failed.error));
    else if (this.view !== "versions" && !reports.length) this.place.replaceChildren(el("p", { class: "rp-fine", text: "Choose a report above." }));
    else {
      this.threshold ??= reports[0]?.threshold ?? 0.5;
      const leaky = reports.filter((one) => one.branded).map((one) => leakWarning(one));
      const content = el("div", { class: "rp-view-content" });
      this.place.replaceChildren(...leaky, content);
      await this.views[this.view].draw(content, reports);
    }
  }

  arrow(event) {
    const tabs = [...this.bar.children];
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const next = (tabs.findIndex((tab) => tab === document.activeElement) + step + tabs.length) % tabs.length;
    tabs[next].click();
    this.bar.children[next].focus();
  }

  async report(id) {
    const known = this.known.get(id);
    if (known) return known;
    const found = await this.call("report", { id });
    if (found.ok) this.known.set(id, found);
    return found;
  }

  // The report that a version's last run left, alone.
  showNewest(version) {
    const report = this.reports.find((one) => one.model.version === version);
    if (!report) return;
    Object.assign(this, { task: report.task, chosenData: dataOf(report), chosen: [report.id], threshold: null, view: "figures", language: "all" });
    this.draw();
  }

  // After a run or a move: what is there now, the same view open.
  async again() {
    this.known.clear();
    await this.load();
  }
}

