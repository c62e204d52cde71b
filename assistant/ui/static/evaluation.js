// The Evaluation tab: which reports are looked at, and the views of them.
import { rootOf } from "./component.js";
import { button, el, field, problem, waiting } from "./dom.js";
import { Changes } from "./evaluation_changes.js";
import { Figures } from "./evaluation_figures.js";
import { Mistakes } from "./evaluation_mistakes.js";
import { leakWarning, options } from "./evaluation_parts.js";
import { reportPicker } from "./evaluation_picker.js";
import { Runs } from "./evaluation_runs.js";
import { Threshold } from "./evaluation_threshold.js";
import { Versions } from "./evaluation_versions.js";
import { count, TASKS } from "./evaluation_words.js";
import { call } from "./server.js";
import { drawTabs, tabBar } from "./tab_bar.js";
import { LANGUAGES } from "./wording.js";

/** @import { DataSet, EvaluationFunctions, Head, Report, Task, Version } from "./evaluation_records.js" */
/** @import { Component, Reply } from "./gradio_component.js" */
/** @import { Language } from "./records.js" */

/** @typedef {Component<object, object, EvaluationFunctions>} EvaluationComponent */
/** @typedef {Language | "all"} LanguageChoice */
/** @typedef {"figures" | "threshold" | "mistakes" | "changes" | "versions"} ViewName */
/** @typedef {{ draw(place: HTMLElement, reports: Report[]): Promise<void> }} View */

/** @type {Record<ViewName, string>} */
const VIEWS = {
  figures: "Figures",
  threshold: "Threshold",
  mistakes: "Mistakes",
  changes: "Before and after",
  versions: "Versions",
};
// Chosen when the tab is opened: what is used, and one to compare it with.
const CHOSEN_FIRST = 2;

/**
 * Only reports on the very same rows are held beside each other.
 * @param {Head} report
 */
const dataOf = (report) => `${report.data.name} ${report.data.sha256}`;

/** @param {EvaluationComponent} component */
export function start({ element, server }) {
  const root = rootOf(element);
  const tab = new Evaluation(server, root);
  // Nothing is asked of the server before somebody looks.
  new IntersectionObserver((seen, observer) => {
    if (!seen.some((entry) => entry.isIntersecting)) return;
    observer.disconnect();
    tab.load();
  }).observe(root);
}

export class Evaluation {
  // What the server told.
  /** @type {Head[]} */
  reports = [];
  /** @type {Version[]} */
  versions = [];
  /** @type {DataSet[]} */
  data = [];
  /** @type {string[]} */
  problems = [];
  manage = false;
  /** @type {Map<string, Report>} */
  known = new Map();

  // What is looked at.
  /** @type {Task | null} */
  chosenTask = null;
  /** @type {string | null} */
  chosenData = null;
  /** @type {string[]} */
  chosen = [];
  /** @type {ViewName} */
  view = "figures";
  /** @type {LanguageChoice} */
  language = "all";
  /** @type {number | null} */
  threshold = null;

  // Which opening of a view was the last: an earlier one draws nothing any more.
  turn = 0;
  bar = tabBar("What to look at");
  picker = el("div", { class: "rp-picker" });
  place = el("div", { class: "rp-view", role: "tabpanel" });

  /**
   * @param {EvaluationComponent["server"]} server
   * @param {HTMLElement} root
   */
  constructor(server, root) {
    this.server = server;
    this.root = root;
    this.runs = new Runs(this);
    /** @type {Record<ViewName, View>} */
    this.views = {
      figures: new Figures(this),
      threshold: new Threshold(this),
      mistakes: new Mistakes(this),
      changes: new Changes(this),
      versions: new Versions(this),
    };
    root.replaceChildren(waiting("Looking for reports…"));
  }

  get task() {
    const tasks = /** @type {Task[]} */ (Object.keys(TASKS));
    return this.chosenTask ?? tasks.find((task) => this.reports.some((one) => one.task === task)) ?? tasks[0];
  }

  /**
   * @template {keyof EvaluationFunctions extends `evaluation_${infer Name}` ? Name : never} Name
   * @param {Name} name
   * @param {EvaluationFunctions[`evaluation_${Name}`][0]} request
   * @returns {Promise<Reply<EvaluationFunctions[`evaluation_${Name}`][1]>>}
   */
  call(name, request) {
    return call(this.server, `evaluation_${name}`, request);
  }

  async load() {
    const found = await this.call("overview", {});
    if (!found.ok) {
      this.root.replaceChildren(problem(found.error), button("Try again", { onclick: () => this.load() }));
      return;
    }
    this.reports = found.reports;
    this.versions = found.versions;
    this.data = found.data;
    this.problems = found.problems;
    this.manage = found.manage;
    this.chosenTask = this.task;
    this.runs.take(found);
    this.draw();
  }

  // Everything above the views, and then the view that is open.
  draw() {
    const grow = el("span", { class: "rp-grow" });
    this.root.replaceChildren(
      el("div", { class: "rp-ev-top" }, this.tasks(), this.dataSets(), this.languages(), grow, this.runs.opener),
      this.runs.root,
      this.runs.form.root,
      ...this.problems.map(problem),
      this.picker,
      this.bar,
      this.place,
    );
    const first = this.shown().slice(0, CHOSEN_FIRST);
    this.pick(this.chosen.length ? this.chosen : first.map((one) => one.id));
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
    const choose = (/** @type {Task} */ task) => {
      this.chosenTask = task;
      this.language = "all";
      this.chooseData(null);
    };
    return field("Task", options(TASKS, this.task, choose));
  }

  dataSets() {
    const named = this.ofTask().map((one) => [dataOf(one), `${one.data.name}, ${count(one.data.rows)} rows`]);
    const words = Object.fromEntries(named);
    if (this.chosenData === null || !(this.chosenData in words)) this.chosenData = named[0]?.[0] ?? null;
    if (!named.length) return field("Data", el("span", { class: "rp-fine", text: "no report yet" }));
    return field(
      "Data",
      options(words, this.chosenData, (data) => this.chooseData(data)),
    );
  }

  /** @param {string | null} data null for the first */
  chooseData(data) {
    this.chosenData = data;
    this.chosen = [];
    this.threshold = null;
    this.draw();
  }

  languages() {
    /** @type {Record<LanguageChoice, string>} */
    const words = { all: "All languages", ...LANGUAGES };
    const choose = (/** @type {LanguageChoice} */ language) => {
      this.language = language;
      this.open(this.view);
    };
    return field("Language", options(words, this.language, choose));
  }

  /** @param {string[]} ids */
  pick(ids) {
    const heads = this.shown();
    this.chosen = reportPicker(this.picker, heads, ids, (chosen) => this.pick(chosen));
    if (!heads.length) {
      const how = this.manage ? " Measure a version to see how good it is." : "";
      this.picker.replaceChildren(el("p", { class: "rp-fine", text: `Nothing has been measured yet.${how}` }));
    }
    this.open(this.view);
  }

  /** @param {ViewName} view */
  async open(view) {
    const all = /** @type {ViewName[]} */ (Object.keys(VIEWS));
    const usable = all.filter((name) => name !== "threshold" || this.task === "question-similarity");
    this.view = usable.includes(view) ? view : "figures";
    drawTabs(this.bar, Object.fromEntries(usable.map((name) => [name, VIEWS[name]])), this.view, (name) =>
      this.open(/** @type {ViewName} */ (name)),
    );
    this.turn += 1;
    const { turn } = this;
    const needsReports = this.view !== "versions";
    const isUnread = this.chosen.some((id) => !this.known.has(id));
    if (needsReports && isUnread) this.place.replaceChildren(waiting("Reading the reports…"));
    const replies = needsReports ? await Promise.all(this.chosen.map((id) => this.report(id))) : [];
    if (turn !== this.turn) return;
    const reports = replies.filter((one) => one.ok);
    const failed = replies.find((one) => !one.ok);
    if (failed) this.place.replaceChildren(problem(failed.error));
    else if (needsReports && !reports.length) {
      this.place.replaceChildren(el("p", { class: "rp-fine", text: "Choose a report above." }));
    } else {
      this.threshold ??= reports[0]?.threshold ?? 0.5;
      const content = el("div", { class: "rp-view-content" });
      this.place.replaceChildren(...reports.filter((one) => one.branded).map(leakWarning), content);
      await this.views[this.view].draw(content, reports);
    }
  }

  /**
   * @param {string} id
   * @returns {Promise<Reply<Report>>}
   */
  async report(id) {
    const known = this.known.get(id);
    if (known) return { ok: true, ...known };
    const found = await this.call("report", { id });
    if (found.ok) this.known.set(id, found);
    return found;
  }

  /**
   * The report that a version's last run left, alone.
   * @param {string} version
   */
  showNewest(version) {
    const report = this.reports.find((one) => one.model.version === version);
    if (!report) return;
    this.chosenTask = report.task;
    this.chosenData = dataOf(report);
    this.chosen = [report.id];
    this.threshold = null;
    this.view = "figures";
    this.language = "all";
    this.draw();
  }

  // After a run or a move: what is there now, the same view open.
  async again() {
    this.known.clear();
    await this.load();
  }
}
