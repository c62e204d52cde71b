// What assistant/ui/component.py hands to a module's `start`, and the page's own events.
import type { DeskEvents, FoundMessage, ReadEvents, ReadFailedMessage, ReasonsMessage } from "./records.js";

/** Server functions by name: a request, and what the reply holds besides `ok`. */
export type Functions<Known> = { [Name in keyof Known]: [object, object] };

export interface Refusal {
  ok: false;
  error: string;
}

export type Reply<Content> = ({ ok: true } & Content) | Refusal;

export type Server<Known extends Functions<Known>> = {
  [Name in keyof Known]: (request: Known[Name][0]) => Promise<Reply<Known[Name][1]> | null>;
};

export type Trigger<Events> = <Name extends keyof Events>(
  name: Name,
  ...data: Events[Name] extends undefined ? [] : [Events[Name]]
) => void;

export interface Component<Value = object, Events = object, Known extends Functions<Known> = object> {
  element: HTMLElement;
  props: { value: Value | null };
  trigger: Trigger<Events>;
  server: Server<Known>;
  watch(property: "value", then: () => void): void;
}

declare global {
  interface WindowEventMap {
    "resposta:reasons": CustomEvent<ReasonsMessage>;
    "resposta:found": CustomEvent<FoundMessage | ReadFailedMessage>;
    // A call that never reached its handler.
    "resposta:failed": CustomEvent<keyof DeskEvents | keyof ReadEvents>;
  }
}
