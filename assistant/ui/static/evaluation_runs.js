// Measuring a version from the tab: the form that begins it, its progress, and its end.
import { button, el, field, LANGUAGES, show } from "./dom.js";
import { count, options } from "./evaluation_words.js";

const LOOK_EVERY_MS = 1500;
const ACTIVE = ["starting", "running", "stopping"];

export class Runs {
  constructor(tab) {
    this.tab = tab;
    this.root = el("div", { class: "rp-run", hidden: true });
    this.opener = button("Measure a version", { class: "rp-primary", onclick: () => this.open() });
    this.form = el("dialog", { class: "rp-dialog", "aria-labelledby": "rp-run-title" });
  }

  take({ run, unfinished }) {
    this.unfinished = unfinished;
    show(this.opener, this.tab.manage);
    this.draw(run);
    if (ACTIVE.includes(run?.state)) this.look();
  }

  draw(run) {
    const before = this.run;
    this.run = run;
    if (before && run && before.state === run.state && same(before, run)) {
      // The same nodes stay, so that Cancel keeps the focus.
      this.said.textContent = ` ${wordsOf(run)}`;
      if (run.of !== null) Object.assign(this.bar, { max: run.of, value: run.done });
      return;
    }
    const [now, left] = run ? [this.progress(run), this.unfinished.filter((one) => !ACTIVE.includes(run.state) && !same(one, run))] : [null, this.unfinished];
    const begun = this.tab.manage ? left.map((one) => this.offer(one)) : [];
    this.root.replaceChildren(...[now, ...begun].filter(Boolean));
    show(this.root, this.root.childElementCount > 0);
  }

  progress(run) {
    const active = ACTIVE.includes(run.state);
    const known = this.tab.versions.find((one) => one.digest === run.adapter);
    const what = `${known?.name ?? "Version"} ${run.adapter.slice(0, 8)} on ${plain(run.data)}${run.limit ? `, ${count(run.limit)} rows` : ""}`;
    this.said = el("span", { role: active ? null : "status", text: ` ${wordsOf(run)}` });
    this.bar = el("progress", { value: run.of === null ? null : run.done, max: run.of, "aria-label": "Progress" });
    return el(
      "div",
      { class: `rp-run-now rp-run-${run.state}` },
      el("p", {}, el("strong", { text: what }), this.said),
      active ? this.bar : null,
      !this.tab.manage ? null : active ? button("Cancel", { class: "rp-quiet", disabled: run.state === "stopping", onclick: () => this.act("cancel") }) : null,
      run.state === "done" ? button("Show its report", { class: "rp-quiet", onclick: () => this.tab.showNewest(run.adapter) }) : null,
      this.tab.manage && (run.state === "stopped" || run.state === "failed") ? button("Go on", { class: "rp-quiet", onclick: () => this.begin(run) }) : null,
    );
  }

  offer(asked) {
    return el("div", { class: "rp-run-now" }, el("p", { text: `Begun earlier and not finished: ${asked.adapter.slice(0, 8)} on ${plain(asked.data)}${asked.limit ? `, ${count(asked.limit)} rows` : ""}.` }), button("Go on", { class: "rp-quiet", onclick: () => this.begin(asked) }));
  }

  begin({ adapter, data, limit, drop_leaks, language }) {
    return this.act("start", { digest: adapter, data, limit, drop_leaks, language });
  }

  async act(name, request = {}) {
    const found = await this.tab.call(name, request);
    if (found.ok) {
      this.draw(found.run);
      this.look();
    } else this.root.append(el("p", { class: "rp-error", role: "alert", text: found.error }));
  }

  look() {
    clearTimeout(this.timer);
    this.timer = setTimeout(async () => {
      const found = await this.tab.call("run");
      // What cannot be reached just now is asked again.
      if (found.ok) this.draw(found.run);
      // The list is read anew at the end, but not under a form that somebody is filling in.
      if (!found.ok || ACTIVE.includes(found.run?.state) || this.tab.root.querySelector("dialog[open]")) this.look();
      else this.tab.again();
    }, LOOK_EVERY_MS);
  }

  open() {
    const versions = this.tab.versions.filter((one) => one.task === this.tab.task);
    const data = this.tab.data.filter((one) => one.task === this.tab.task);
    const chosen = { digest: versions.find((one) => one.stage === "staging")?.digest ?? versions[0]?.digest, data: data[0]?.name, language: "en" };
    const error = el("p", { class: "rp-error", role: "alert" });
    const leaks = el("input", { type: "checkbox" });
    const limit = el("input", { type: "number", class: "rp-input", min: "1", step: "1", placeholder: "all" });
    const submit = el("button", { type: "submit", class: "rp-button rp-primary", text: "Measure", disabled: !versions.length || !chosen.data });
    const names = Object.fromEntries(versions.map((one) => [one.digest, `${one.name} ${one.digest.slice(0, 12)} (${one.stage})`]));
    const about = Object.fromEntries(data.map((one) => [one.name, `${plain(one.name)}: ${one.about}`]));
    const form = el(
      "form",
      { method: "dialog" },
      el("h2", { text: "Measure a version", id: "rp-run-title" }),
      field("Version", options(names, chosen.digest, (digest) => (chosen.digest = digest))),
      field("Data", options(about, chosen.data, (data) => (chosen.data = data))),
      this.tab.task === "question-similarity" ? field("Language of a file that names none", options(LANGUAGES, chosen.language, (language) => (chosen.language = language))) : null,
      field("Rows at most", limit),
      el("label", { class: "rp-report" }, leaks, el("span", { text: "Leave out rows of its training (otherwise they end the run)" })),
      el("p", { class: "rp-fine", text: "It runs at the lowest priority, so that agents' questions stay quick. It can be cancelled, and goes on later where it stopped. Files and folders placed in evaluations/data, in the data folder, can be chosen as well." }),
      error,
      el("div", { class: "rp-actions" }, submit, button("Cancel", { onclick: () => this.form.close() })),
    );
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      submit.disabled = true;
      const found = await this.tab.call("start", { ...chosen, limit: limit.value ? Number(limit.value) : null, drop_leaks: leaks.checked });
      submit.disabled = false;
      error.textContent = found.ok ? "" : found.error;
      if (!found.ok) return;
      this.form.close();
      this.draw(found.run);
      this.look();
    });
    this.form.replaceChildren(form);
    this.form.showModal();
  }
}

const plain = (data) => data.replace(/^own:/, "");
const same = (one, other) => one.adapter === other.adapter && one.data === other.data && one.limit === other.limit && one.drop_leaks === other.drop_leaks && one.language === other.language;

function wordsOf(run) {
  const rows = `${count(run.done)} of ${run.of === null ? "?" : count(run.of)}`;
  const words = {
    starting: "Loading the model…",
    running: run.done === run.of ? "Rows done. Reasons, cost and the report follow…" : `${rows}${left(run.seconds_left)}`,
    stopping: "Stopping…",
    done: "Done. Its report is in the list.",
    stopped: `Stopped at ${rows}. The same run again goes on where it stopped.`,
    failed: run.error,
  };
  return words[run.state];
}

function left(seconds) {
  if (seconds === null) return "";
  return seconds < 90 ? `, about ${Math.max(1, Math.round(seconds))} s left` : `, about ${Math.round(seconds / 60)} min left`;
}
