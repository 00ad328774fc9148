import { AxiosError, AxiosHeaders, type InternalAxiosRequestConfig } from "axios";
import type { EvidenceChart, RunFacts, Transition } from "../../src/api/notification.ts";
import type { Rollout } from "../../src/api/rollout.ts";
import type { DefaultNotification, ReceiverKind } from "../../src/api/spec-notifications.ts";
import { ApiError } from "../../src/kube/api-error.ts";
import type { Client } from "../../src/kube/client.ts";
import type { ObjectKey } from "../../src/kube/object.ts";
import { SecretValues } from "../../src/kube/secret-values.ts";
import { VirtualClock } from "../../src/lib/virtual-clock.ts";
import type { Channel, Letter, Subject } from "../../src/notify/channel.ts";
import { DiscordChannel } from "../../src/notify/discord/discord.ts";
import { type DeliveryOutcome, Dispatcher, type DispatcherOptions } from "../../src/notify/dispatcher.ts";
import { GoogleChatChannel } from "../../src/notify/google-chat/google-chat.ts";
import { HttpEdge } from "../../src/notify/http-edge.ts";
import { SlackChannel } from "../../src/notify/slack/slack.ts";
import { TeamsChannel } from "../../src/notify/teams/teams.ts";
import { WebhookChannel } from "../../src/notify/webhook/webhook.ts";
import type { LogFields, Logger } from "../../src/telemetry/logger.ts";
import { aRollout } from "./rollout-objects.ts";

/** Keeps log lines as text. */
export class RecordingLogger implements Logger {
  readonly lines: string[] = [];

  debug(message: string, fields: LogFields = {}): void {
    this.lines.push(`${message} ${JSON.stringify(fields)}`);
  }
  info = this.debug;
  warn = this.debug;
  error = this.debug;
  with(): Logger {
    return this;
  }
}

/** A request as it arrived at the far end. */
export interface Arrival {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly atMs: number;
}

/** What the far end does with a request: an answer, or "silence", or a connection that breaks. */
export type FarEnd = (
  arrival: Arrival,
) =>
  | { readonly status: number; readonly body?: string; readonly headers?: Record<string, string> }
  | "silent"
  | "broken";

export const SECRET_URL = "https://receiver.test/hooks/T000/verysecret?key=alsosecret";

/** A notifier with everybody who can be told, on virtual time: the API server's Secrets and the far end are here. */
export class NotifierWorld {
  readonly clock = new VirtualClock(Date.UTC(2026, 0, 5, 9, 0, 0));
  readonly logger = new RecordingLogger();
  readonly problems: string[] = [];
  readonly outcomes: string[] = [];
  readonly begun: Subject[] = [];
  readonly arrivals: Arrival[] = [];
  /** By `namespace/name/key`. */
  secrets: Record<string, string> = {
    "shop/receiver/url": SECRET_URL,
    "shop/receiver/token": "xoxb-verysecret",
  };
  secretError: Error | null = null;
  secretReads = 0;
  farEnd: FarEnd;
  readonly channels: Readonly<Record<ReceiverKind, Channel>>;
  readonly notifier: Dispatcher;

  constructor(
    options: {
      readonly farEnd?: FarEnd;
      readonly defaults?: readonly DefaultNotification[];
      readonly more?: Partial<DispatcherOptions>;
    } = {},
  ) {
    this.farEnd = options.farEnd ?? (() => ({ status: 200 }));
    const edge = new HttpEdge({
      clock: this.clock,
      timeoutMs: 10_000,
      allowHttp: false,
      adapter: (config) => this.#carry(config),
    });
    this.channels = {
      slack: new SlackChannel(edge, "https://slack.test/api"),
      teams: new TeamsChannel(edge),
      discord: new DiscordChannel(edge),
      googleChat: new GoogleChatChannel(edge),
      webhook: new WebhookChannel(edge),
    };
    this.notifier = new Dispatcher({
      channels: this.channels,
      secrets: new SecretValues({
        client: this.#client(),
        clock: this.clock,
        timeoutMs: 5_000,
        keepMs: 60_000,
      }),
      clock: this.clock,
      logger: this.logger,
      random: () => 1,
      defaults: { list: options.defaults ?? [], namespace: "sluice-system" },
      cluster: "eu-1",
      dashboardUrl: "https://grafana.test/d/sluice?var-rollout={{ name }}&from={{ from }}",
      onProblem: (_, message) => this.problems.push(message),
      onThread: (subject) => this.begun.push(subject),
      onOutcome: (kind, outcome) => this.outcomes.push(`${kind} ${outcome}`),
      ...options.more,
    });
  }

  count(outcome: DeliveryOutcome): number {
    return this.outcomes.filter((line) => line.endsWith(` ${outcome}`)).length;
  }

  /** Everything arrives, and what was said so far is forgotten. */
  async settle(): Promise<void> {
    await this.clock.advance(120_000);
  }

  #client(): Client {
    const get = async (_: unknown, { namespace, name }: ObjectKey) => {
      this.secretReads += 1;
      if (this.secretError !== null) throw this.secretError;
      const prefix = `${namespace}/${name}/`;
      const data = Object.entries(this.secrets)
        .filter(([id]) => id.startsWith(prefix))
        .map(([id, value]) => [id.slice(prefix.length), Buffer.from(value).toString("base64")]);
      if (data.length === 0) throw new ApiError("getting a Secret", { code: 404, reason: "NotFound" });
      return {
        apiVersion: "v1",
        kind: "Secret",
        metadata: { namespace, name },
        data: Object.fromEntries(data),
      };
    };
    return { get } as unknown as Client;
  }

  async #carry(config: InternalAxiosRequestConfig) {
    const { url = "", data } = config;
    const arrival: Arrival = {
      url,
      headers: Object.fromEntries(
        Object.entries(config.headers.toJSON()).map(([k, v]) => [k.toLowerCase(), String(v)]),
      ),
      body: typeof data === "string" ? data : Buffer.from(data as Uint8Array).toString("latin1"),
      atMs: this.clock.now(),
    };
    this.arrivals.push(arrival);
    const answer = this.farEnd(arrival);
    if (answer === "broken") throw new AxiosError(`connect to ${url}`, "ECONNRESET", config);
    if (answer === "silent") {
      return new Promise<never>((_, reject) => {
        config.signal?.addEventListener?.("abort", () =>
          reject(new AxiosError("canceled", "ERR_CANCELED", config)),
        );
      });
    }
    const { status, body = "", headers = {} } = answer;
    return { status, statusText: "", data: body, config, headers: new AxiosHeaders(headers) };
  }
}

export const RUN: RunFacts = {
  id: 7,
  startedAt: "2026-01-05T08:48:00Z",
  revision: "7d9f5b",
  image: "shop/checkout:v3",
  weight: 25,
  share: "25 %",
  step: "2/3",
  threads: {},
};

export const CHART: EvidenceChart = {
  title: "error rate",
  unit: "%",
  fromMs: Date.UTC(2026, 0, 5, 8, 50, 0),
  toMs: Date.UTC(2026, 0, 5, 9, 0, 0),
  canary: [null, 0.1, 0.2, 1.5, 4, 7.3],
  primary: [0.1, 0.1, 0.2, 0.1, 0.1, 0.1],
};

export function aTransition(id: string, more: Partial<Transition> = {}): Transition {
  return {
    id,
    reason: "RolledBack",
    severity: "error",
    atMs: Date.UTC(2026, 0, 5, 9, 0, 0),
    title: `title of ${id}`,
    text: "why",
    run: null,
    chart: null,
    ...more,
  };
}

/** The transition that everybody wants to see at 3 a.m. */
export const ROLLED_BACK: Transition = aTransition("run-7/rolled-back", {
  title: "shop/checkout: v3 rolled back at 25 %",
  text: "success-rate: 92.7 % where 99 % is allowed (1,204 requests).",
  next: 'Ship a fixed image, or: kubectl annotate rollout checkout sluice.dev/retry="why".',
  run: RUN,
  chart: CHART,
});

/** A Rollout that wants these receivers told. */
export function told(...notifications: Record<string, unknown>[]): Rollout {
  return aRollout({ notifications });
}

/** A letter to a receiver as `spec.notifications` has it. */
export function aLetter(spec: Record<string, unknown>, more: Partial<Omit<Letter, "receiver">> = {}): Letter {
  const [entry] = told(spec).spec.notifications;
  const kind = Object.keys(spec).find((key) =>
    ["slack", "teams", "discord", "googleChat", "webhook"].includes(key),
  );
  return {
    subject: { namespace: "shop", name: "checkout", uid: "uid-rollout", target: "checkout" },
    transition: ROLLED_BACK,
    receiver: { kind: kind as ReceiverKind, spec: entry!, secrets: {}, id: "test" },
    secrets: { url: SECRET_URL },
    cluster: "eu-1",
    dashboard: "https://grafana.test/d/sluice?var-rollout=checkout&from=1",
    missed: null,
    ageMs: 0,
    thread: null,
    ...more,
  };
}

/** All texts of a payload, one a line. */
export function stringsIn(body: string): string {
  const strings: string[] = [];
  JSON.parse(body, (_, value: unknown) => {
    if (typeof value === "string" || typeof value === "number") strings.push(String(value));
    return value;
  });
  return strings.join("\n");
}
