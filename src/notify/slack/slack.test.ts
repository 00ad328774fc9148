import { AxiosError, AxiosHeaders, type InternalAxiosRequestConfig } from "axios";
import { beforeEach, describe, expect, it } from "vitest";
import { aRollout } from "../../../test/support/rollout-objects.ts";
import type { Rollout } from "../../api/rollout.ts";
import { ApiError, UnreachableError } from "../../kube/api-error.ts";
import type { Client } from "../../kube/client.ts";
import type { Secret } from "../../kube/kind/cluster.ts";
import { VirtualClock } from "../../lib/virtual-clock.ts";
import type { LogFields, Logger } from "../../telemetry/logger.ts";
import type { Notification } from "../notify.ts";
import { SlackNotifier } from "./slack.ts";

const URL_TEXT = "https://hooks.slack.test/services/T000/B000/verysecret";

function aNotification(id: string, severity: Notification["severity"] = "info"): Notification {
  return {
    id,
    rollout: { namespace: "shop", name: "checkout" },
    reason: "WeightChanged",
    severity,
    title: `title ${id}`,
    text: "",
    facts: [],
  };
}

function told(...notifications: Record<string, unknown>[]): Rollout {
  return aRollout({ notifications });
}

const SLACK = { slack: { secretRef: { name: "slack" } } };

/** Keeps log lines as text. */
class RecordingLogger implements Logger {
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

/** Slack and the API server, both on virtual time. */
class World {
  readonly clock = new VirtualClock(0);
  readonly logger = new RecordingLogger();
  readonly problems: string[] = [];
  readonly posts: { readonly url: string; readonly text: string; readonly atMs: number }[] = [];
  secrets: Record<string, string> = { url: URL_TEXT };
  secretError: Error | null = null;
  secretReads = 0;
  /** Status of Slack's next answers; 200 when there are no more. */
  answers: { readonly status: number; readonly headers?: Record<string, string> }[] = [];

  readonly notifier = new SlackNotifier({
    client: this.#client(),
    clock: this.clock,
    logger: this.logger,
    random: () => 1,
    cluster: "eu-1",
    onProblem: (_rollout, message) => this.problems.push(message),
    adapter: (config) => this.#answer(config),
  });

  texts(): string[] {
    return this.posts.map(({ text }) => text);
  }

  #client(): Client {
    const get = async () => {
      this.secretReads += 1;
      if (this.secretError !== null) throw this.secretError;
      const data = Object.fromEntries(
        Object.entries(this.secrets).map(([key, value]) => [key, Buffer.from(value).toString("base64")]),
      );
      const secret: Secret = {
        apiVersion: "v1",
        kind: "Secret",
        metadata: { name: "slack", namespace: "shop" },
        data,
      };
      return secret;
    };
    return { get } as unknown as Client;
  }

  async #answer(config: InternalAxiosRequestConfig) {
    const { text } = JSON.parse(String(config.data)) as { text: string };
    this.posts.push({ url: config.url ?? "", text, atMs: this.clock.now() });
    const { status, headers = {} } = this.answers.shift() ?? { status: 200 };
    if (status === 0) throw new AxiosError(`connect to ${config.url}`, "ECONNRESET", config);
    return { status, statusText: "", data: "", config, headers: new AxiosHeaders(headers) };
  }
}

describe("SlackNotifier", () => {
  let world: World;

  beforeEach(() => {
    world = new World();
  });

  it("tells each receiver of the Rollout", async () => {
    world.secrets = { url: URL_TEXT, other: `${URL_TEXT}2` };
    const rollout = told(SLACK, { slack: { secretRef: { name: "slack", key: "other" } } });
    world.notifier.notify(rollout, aNotification("a"));
    await world.notifier.drain(1_000);
    expect(world.posts.map(({ url }) => url).sort()).toEqual([URL_TEXT, `${URL_TEXT}2`]);
    expect(world.notifier.counts).toMatchObject({ sent: 2, failed: 0 });
  });

  it("tells a transition once, and that of another Rollout of the same name again", async () => {
    world.notifier.notify(told(SLACK), aNotification("a"));
    world.notifier.notify(told(SLACK), aNotification("a"));
    const recreated = aRollout({ notifications: [SLACK] }, { metadata: { uid: "uid-2" } });
    world.notifier.notify(recreated, aNotification("a"));
    await world.notifier.drain(1_000);
    expect(world.posts).toHaveLength(2);
    expect(world.notifier.counts).toMatchObject({ sent: 2, repeated: 1 });
  });

  it.each([
    ["info", ["info", "warning", "error"]],
    ["warning", ["warning", "error"]],
    ["error", ["error"]],
  ])("sends from severity %s on", async (minSeverity, sent) => {
    for (const severity of ["info", "warning", "error"] as const) {
      world.notifier.notify(told({ ...SLACK, minSeverity }), aNotification(severity, severity));
    }
    await world.notifier.drain(1_000);
    expect(world.texts()).toEqual(sent.map((severity) => `title ${severity}`));
  });

  it("sends only the transitions that were asked for", async () => {
    const rollout = told({ ...SLACK, events: ["RolledBack", "Promoted"] });
    for (const reason of ["RunStarted", "RolledBack", "Promoted"] as const) {
      world.notifier.notify(rollout, { ...aNotification(reason), reason });
    }
    await world.notifier.drain(1_000);
    expect(world.texts()).toEqual(["title RolledBack", "title Promoted"]);
  });

  it("keeps the order through a rate limit", async () => {
    world.answers = [{ status: 429, headers: { "retry-after": "7" } }, { status: 200 }];
    world.notifier.notify(told(SLACK), aNotification("a"));
    world.notifier.notify(told(SLACK), aNotification("b"));
    await world.clock.advance(60_000);
    expect(world.posts.map(({ text, atMs }) => [text, atMs])).toEqual([
      ["title a", 0],
      ["title a", 7_000],
      ["title b", 7_000],
    ]);
  });

  it("tries again after connections that broke, and says so when it gives up", async () => {
    world.answers = Array.from({ length: 6 }, () => ({ status: 0 }));
    world.notifier.notify(told(SLACK), aNotification("a"));
    await world.clock.advance(600_000);
    expect(world.posts).toHaveLength(6);
    expect(world.notifier.counts).toMatchObject({ sent: 0, failed: 1 });
    expect(world.problems).toEqual([
      "Slack was not told (Secret slack, key url): the connection failed: ECONNRESET (6 attempts).",
    ]);
  });

  it("reports a URL that was revoked once, and again after it had worked", async () => {
    world.answers = [{ status: 404 }, { status: 410 }, { status: 200 }, { status: 404 }];
    for (const id of ["a", "b", "c", "d"]) world.notifier.notify(told(SLACK), aNotification(id));
    await world.clock.advance(1_000);
    expect(world.problems).toEqual([
      "Slack was not told (Secret slack, key url): HTTP 404.",
      "Slack was not told (Secret slack, key url): HTTP 404.",
    ]);
    expect(world.notifier.counts).toMatchObject({ sent: 1, refused: 3 });
  });

  it("reads the Secret once for a burst, and anew when it was refused or time has passed", async () => {
    for (const id of ["a", "b", "c"]) world.notifier.notify(told(SLACK), aNotification(id));
    await world.clock.advance(1_000);
    expect(world.secretReads).toBe(1);
    world.answers = [{ status: 404 }];
    world.notifier.notify(told(SLACK), aNotification("d"));
    await world.clock.advance(1_000);
    world.secrets = { url: `${URL_TEXT}-new` };
    world.notifier.notify(told(SLACK), aNotification("e"));
    await world.clock.advance(1_000);
    expect(world.posts.at(-1)?.url).toBe(`${URL_TEXT}-new`);
    await world.clock.advance(60_000);
    world.notifier.notify(told(SLACK), aNotification("f"));
    await world.clock.advance(1_000);
    expect(world.secretReads).toBe(3);
  });

  it.each([
    [
      "is missing",
      new ApiError("getting", { code: 404, reason: "NotFound" }),
      "Secret shop/slack does not exist",
    ],
    ["may not be read", new ApiError("getting", { code: 403 }), "Sluice may not read Secret shop/slack"],
  ])("reports a Secret that %s", async (_what, error, reason) => {
    world.secretError = error;
    world.notifier.notify(told(SLACK), aNotification("a"));
    world.notifier.notify(told(SLACK), aNotification("b"));
    await world.clock.advance(1_000);
    expect(world.problems).toEqual([`Slack was not told (Secret slack, key url): ${reason}.`]);
    expect(world.notifier.counts.refused).toBe(2);
  });

  it("reports a Secret without the key", async () => {
    world.secrets = { address: URL_TEXT };
    world.notifier.notify(told(SLACK), aNotification("a"));
    await world.clock.advance(1_000);
    expect(world.problems).toEqual([
      "Slack was not told (Secret slack, key url): Secret shop/slack has no key url.",
    ]);
  });

  it("waits for an API server that does not answer", async () => {
    world.secretError = new UnreachableError("getting secret shop/slack: connection refused");
    world.notifier.notify(told(SLACK), aNotification("a"));
    await world.clock.advance(500);
    world.secretError = null;
    await world.clock.advance(1_000);
    expect(world.texts()).toEqual(["title a"]);
    expect(world.problems).toEqual([]);
  });

  it("drops what exceeds the queue, and says so", async () => {
    world.answers = Array.from({ length: 6 }, () => ({ status: 500 }));
    for (let index = 0; index < 1_005; index++)
      world.notifier.notify(told(SLACK), aNotification(String(index)));
    expect(world.notifier.counts.dropped).toBe(5);
    expect(world.problems[0]).toContain("the queue is full (1000 messages)");
    await world.clock.advance(600_000);
    expect(world.notifier.counts).toMatchObject({ sent: 999, failed: 1 });
  });

  it("puts the URL into no log line and no event", async () => {
    world.answers = [{ status: 0 }, { status: 302, headers: { location: URL_TEXT } }, { status: 404 }];
    for (const id of ["a", "b", "c"]) world.notifier.notify(told(SLACK), aNotification(id));
    await world.clock.advance(600_000);
    expect(world.logger.lines.length + world.problems.length).toBeGreaterThan(1);
    expect([...world.logger.lines, ...world.problems].join("\n")).not.toContain("verysecret");
  });
});
