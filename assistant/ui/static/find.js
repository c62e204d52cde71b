// Carries what a search of the library found to the Read tab.
import { follow } from "./component.js";

/** @import { Component } from "./gradio_component.js" */
/** @import { FoundMessage, ReadFailedMessage } from "./records.js" */

/** @param {Component<FoundMessage | ReadFailedMessage>} component */
export function start(component) {
  follow(component, (detail) => window.dispatchEvent(new CustomEvent("resposta:found", { detail })));
}
