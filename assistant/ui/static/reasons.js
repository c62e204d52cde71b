// Carries the reasons of one turn, as they are written, to the thread.
import { follow } from "./component.js";

/** @import { Component } from "./gradio_component.js" */
/** @import { ReasonsMessage } from "./records.js" */

/** @param {Component<ReasonsMessage>} component */
export function start(component) {
  follow(component, (detail) => window.dispatchEvent(new CustomEvent("resposta:reasons", { detail })));
}
