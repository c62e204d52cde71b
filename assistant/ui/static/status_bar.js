// The line above the conversation: what answers, and what everyone should know.
import { button, el, icon, problem } from "./dom.js";

/** @import { Status } from "./records.js" */

/**
 * @param {Status | null} status null where it cannot be read
 * @param {() => void} fresh begins a new conversation
 */
export function statusBar(status, fresh) {
  const alarms = (status?.alarms ?? []).map(problem);
  for (const alarm of alarms) alarm.classList.add("rp-alarm");
  return el(
    "div",
    { class: "rp-top" },
    el("span", { class: "rp-fine", text: status ? factsOf(status) : "" }),
    button("New conversation", { onclick: fresh }, icon("plus")),
    ...(status?.notices ?? []).map((text) => el("p", { class: "rp-public", text })),
    ...alarms,
  );
}

/** @param {Status} status */
function factsOf({ answers, base, adapter }) {
  const model = adapter ? `${base} + ${adapter.slice(0, 12)}` : base;
  return `${answers.toLocaleString("en")} past answers · ${model}`;
}
