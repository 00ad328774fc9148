import type { AxiosAdapter, AxiosResponse } from "axios";
import { AxiosError, AxiosHeaders } from "axios";
import type { Clock } from "../../lib/clock.ts";

export interface Message {
  readonly atMs: number;
  /** The message's first line: what happened to which Rollout. */
  readonly title: string;
}

/** How the place that notifications are sent to behaves, from the beginning and for ever. */
export type InboxBehaviour = "takes" | "hangs" | "fails";

export const INBOX_SECRET = "slack";
export const INBOX_URL = "https://hooks.slack.invalid/services/T0/B0/x";

/** A Slack channel: what it was sent, or why it never answers. */
export class Inbox {
  readonly messages: Message[] = [];
  readonly #clock: Clock;
  readonly #behaviour: InboxBehaviour;

  constructor(clock: Clock, behaviour: InboxBehaviour) {
    this.#clock = clock;
    this.#behaviour = behaviour;
  }

  readonly adapter: AxiosAdapter = (config) => {
    if (this.#behaviour === "hangs") {
      return new Promise((_, reject) => {
        config.signal?.addEventListener?.("abort", () =>
          reject(new AxiosError("canceled", AxiosError.ERR_CANCELED, config)),
        );
      });
    }
    const { text } = JSON.parse(String(config.data)) as { readonly text: string };
    if (this.#behaviour === "takes") this.messages.push({ atMs: this.#clock.now(), title: text });
    const isTaken = this.#behaviour === "takes";
    const answer: AxiosResponse = {
      status: isTaken ? 200 : 500,
      statusText: "",
      headers: new AxiosHeaders(),
      config,
      data: isTaken ? "ok" : "",
    };
    return Promise.resolve(answer);
  };
}
