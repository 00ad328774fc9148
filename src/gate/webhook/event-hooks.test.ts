import { describe, expect, test } from "vitest";
import { RecordingLogger } from "../../../test/support/notifier-world.ts";
import { aRollout } from "../../../test/support/rollout-objects.ts";
import type { Rollout } from "../../api/rollout.ts";
import { VirtualClock } from "../../lib/virtual-clock.ts";
import { EventHooks } from "./event-hooks.ts";
import type { WebhookTransport } from "./transport.ts";
import { WebhookGate } from "./webhook.ts";

/** Event webhooks on virtual time; what arrives is kept, and answered with what `answer` says (null: not at all). */
function hooksThat(answer: () => number | null) {
  const clock = new VirtualClock(Date.UTC(2026, 0, 5, 9, 0, 0));
  const bodies: string[] = [];
  const problems: string[] = [];
  const logger = new RecordingLogger();
  const transport: WebhookTransport = {
    post: async ({ body }, signal) => {
      bodies.push(body);
      const status = answer();
      if (status !== null) return { status, headers: {}, body: "" };
      return new Promise<never>((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
    },
  };
  const hooks = new EventHooks({
    clock,
    random: () => 0.5,
    logger,
    gate: new WebhookGate({ clock, client: null as never, transport, httpsOnly: false }),
    onProblem: (_, message) => problems.push(message),
  });
  return { clock, hooks, bodies, problems, logger };
}

const METADATA = { team: "shop", eventType: "mine" };

function rollout(webhooks: readonly Record<string, unknown>[] = [{ metadata: METADATA }]): Rollout {
  const spec = webhooks.map((more, index) => ({
    name: `bus-${index}`,
    type: "event",
    url: "http://bus.test/",
    ...more,
  }));
  return {
    ...aRollout({ webhooks: spec }),
    status: { phase: "Progressing", canaryWeight: 5, revision: "7d9f" },
  };
}

describe("event webhooks", () => {
  test("are sent every event with Flagger's three keys, which win over their own metadata", async () => {
    const { clock, hooks, bodies } = hooksThat(() => 200);
    hooks.post(rollout(), { type: "Warning", message: "v2 rolled back" });
    await clock.advance(0);
    expect(bodies).toEqual([
      '{"name":"checkout","namespace":"shop","phase":"Progressing","checksum":"7d9f","metadata":{"eventMessage":"v2 rolled back","eventType":"Warning","team":"shop","timestamp":"1767603600000"}}',
    ]);
  });

  test("are told in order, each at its own pace", async () => {
    const { clock, hooks, bodies } = hooksThat(() => 200);
    for (const message of ["a", "b", "c"]) hooks.post(rollout([{}, {}]), { type: "Normal", message });
    await clock.advance(0);
    const messages = bodies.map((body) => /"eventMessage":"(\w)"/.exec(body)?.[1]);
    expect(messages).toHaveLength(6);
    expect(messages.filter((_, index) => index % 2 === 0)).toEqual(["a", "b", "c"]);
  });

  test("that fail are told of once until they work again", async () => {
    let status = 500;
    const { clock, hooks, problems } = hooksThat(() => status);
    for (const message of ["a", "b"]) hooks.post(rollout(), { type: "Normal", message });
    await clock.advance(1_000);
    expect(problems).toEqual(['The event webhook "bus-0" was not told: 500.']);
    status = 200;
    hooks.post(rollout(), { type: "Normal", message: "c" });
    await clock.advance(1_000);
    status = 500;
    hooks.post(rollout(), { type: "Normal", message: "d" });
    await clock.advance(1_000);
    expect(problems).toHaveLength(2);
    expect(hooks.counts).toEqual({ sent: 1, failed: 3, dropped: 0 });
  });

  test("that hang hold up nobody, and what the queue has no room for is counted and named", async () => {
    const { clock, hooks, logger } = hooksThat(() => null);
    for (let index = 0; index < 1_000; index++)
      hooks.post(rollout(), { type: "Normal", message: `event ${index}` });
    expect(hooks.counts).toEqual({ sent: 0, failed: 0, dropped: 900 });
    const named = logger.lines.filter((line) => line.startsWith("event left out"));
    expect(named).toHaveLength(900);
    expect(named.at(-1)).toContain("event 999");
    // The room of all webhooks together.
    const others = Array.from({ length: 12 }, (_, index) => ({ name: `other-${index}` }));
    for (let index = 0; index < 100; index++) hooks.post(rollout(others), { type: "Normal", message: "x" });
    expect(hooks.counts).toEqual({ sent: 0, failed: 0, dropped: 900 + 300 });
    let isDrained = false;
    void hooks.drain(3_000).then(() => {
      isDrained = true;
    });
    await clock.advance(3_000);
    expect(isDrained).toBe(true);
  });

  test("of a spec that makes no sense are left alone", () => {
    const { hooks, bodies } = hooksThat(() => 200);
    const broken = { ...rollout(), spec: { webhooks: [{ type: "event", url: 7 }] } } as never;
    hooks.post(broken, { type: "Warning", message: "the spec is refused" });
    hooks.post({ ...rollout(), spec: undefined } as never, { type: "Warning", message: "no spec" });
    expect(bodies).toEqual([]);
  });
});
