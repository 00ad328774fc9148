import fc from "fast-check";
import { beforeEach, describe, expect, it } from "vitest";
import type { Severity } from "../../src/api/reasons.ts";
import {
  type Arrival,
  aTransition,
  CHART,
  NotifierWorld,
  ROLLED_BACK,
  told,
} from "../support/notifier-world.ts";

/** One kind of receiver. */
export interface ReceiverUnderTest {
  /** An entry of `spec.notifications`. */
  readonly spec: Record<string, unknown>;
  /** What of a request people get to read, escapes undone; null for a request that is no new message. */
  readonly textOf: (arrival: Arrival) => string | null;
  /** What the far end answers when all is well; default: 200 and nothing. */
  readonly yes?: (arrival: Arrival) => { readonly status: number; readonly body?: string };
  /** Its limit for a whole request. */
  readonly maxBytes: number;
  /** How the receiver would write what must not be taken from a text: a link, a mention. */
  readonly mustNotContain: readonly string[];
}

type Mood = "well" | "failing" | "refusing" | "silent";

const MINUTE_MS = 60_000;

/** What every member of the notifier family promises. */
export function notifierContract(name: string, receiver: ReceiverUnderTest): void {
  describe(`${name} as a notifier`, () => {
    let world: NotifierWorld;
    let mood: Mood;

    beforeEach(() => {
      mood = "well";
      world = new NotifierWorld({ farEnd: (arrival) => answer(arrival) });
    });

    function answer(arrival: Arrival) {
      if (mood === "silent") return "silent" as const;
      if (mood === "failing") return { status: 503 };
      if (mood === "refusing") return { status: 404 };
      return receiver.yes?.(arrival) ?? { status: 200 };
    }

    function readings(): readonly string[] {
      return world.arrivals.map(receiver.textOf).filter((text) => text !== null);
    }

    function notify(id: string, more: Parameters<typeof aTransition>[1] = {}, spec = {}): void {
      world.notifier.notify(told({ ...receiver.spec, ...spec }), aTransition(id, more));
    }

    it("tells what, why, what next, the facts, where, and a link", async () => {
      world.notifier.notify(told(receiver.spec), ROLLED_BACK);
      await world.settle();
      const [message, ...others] = readings();
      expect(others).toEqual([]);
      for (const part of [
        "v3 rolled back at 25 %",
        "92.7 % where 99 % is allowed",
        "Ship a fixed image",
        "shop/checkout:v3",
        "7d9f5b",
        "shop/checkout",
        "eu-1",
        "https://grafana.test/d/sluice?var-rollout=checkout",
      ]) {
        expect(message).toContain(part);
      }
    });

    it("shows the evidence, unless that is not wanted", async () => {
      notify("a", { chart: CHART });
      notify("b", { chart: CHART }, { chart: false });
      notify("c", { chart: null });
      await world.settle();
      const [a, b, c] = readings();
      expect(a).toContain("error rate");
      expect(a).toContain("7.3");
      expect(b).not.toContain("7.3");
      expect(c).not.toContain("7.3");
    });

    it("tells a transition once, and transitions in their order", async () => {
      for (const id of ["a", "b", "a", "c", "b"]) notify(id);
      await world.settle();
      expect(readings().map((text) => /title of (\w)/.exec(text)?.[1])).toEqual(["a", "b", "c"]);
    });

    it("keeps quiet below the severity that is wanted, and of transitions that are not", async () => {
      for (const severity of ["info", "warning", "error"] satisfies Severity[])
        notify(severity, { severity, reason: "Paused" }, { minSeverity: "warning", events: ["Paused"] });
      notify("other", { reason: "Promoted" }, { events: ["Paused"] });
      await world.settle();
      expect(readings().map((text) => /title of (\w+)/.exec(text)?.[1])).toEqual(["warning", "error"]);
    });

    it("takes title and text from templates", async () => {
      const spec = { title: "{{ reason }} on {{ cluster }}", text: "{{ name }}: {{ text }} ({{ weight }})" };
      notify("a", { run: ROLLED_BACK.run }, spec);
      await world.settle();
      const [message] = readings();
      expect(message).toContain("RolledBack on eu-1");
      expect(message).toContain("checkout: why (25)");
    });

    it("neither links nor mentions what a text says, with or without a template", async () => {
      const hostile = receiver.mustNotContain.join(" and ");
      notify("a", { title: hostile, text: hostile, next: hostile });
      notify("b", { title: hostile, text: hostile }, { title: "{{ title }}", text: "{{ text }}" });
      await world.settle();
      expect(world.arrivals.length).toBeGreaterThanOrEqual(2);
      for (const { body } of world.arrivals) {
        for (const markup of receiver.mustNotContain)
          expect(body).not.toContain(JSON.stringify(markup).slice(1, -1));
      }
    });

    it("keeps to its limits whatever it is told, and cuts between characters", async () => {
      const snippet = fc.string({
        unit: fc.constantFrom("a", "&", "<", "*", "\n", "é", "🚀", "`", '"', "\\"),
        maxLength: 30,
      });
      const text = fc
        .tuple(snippet, fc.constantFrom(1, 10, 2_000))
        .map(([part, times]) => part.repeat(times));
      await fc.assert(
        fc.asyncProperty(text, text, text, text, async (title, body, next, image) => {
          const run = { ...ROLLED_BACK.run!, image };
          world = new NotifierWorld({ farEnd: (arrival) => answer(arrival) });
          notify("a", { title, text: body, next, run, chart: CHART });
          notify("b", { title, text: body, next, run }, { title: "*{{ title }}*", text: "*{{ text }}*" });
          await world.settle();
          for (const { body: sent } of world.arrivals) {
            expect(Buffer.byteLength(sent)).toBeLessThanOrEqual(receiver.maxBytes);
            expect(sent).not.toMatch(/\\ud83d(?!\\ude80)/i);
          }
          expect(world.count("sent")).toBe(2);
        }),
        { numRuns: 8 },
      );
    });

    it("tries again when the far end fails, and says nothing of it when that helps", async () => {
      mood = "failing";
      notify("a");
      await world.clock.advance(500);
      mood = "well";
      await world.settle();
      expect(readings().at(-1)).toContain("title of a");
      expect([world.problems, world.outcomes.map((line) => line.split(" ")[1])]).toEqual([[], ["sent"]]);
    });

    it.each(["failing", "refusing", "silent"] as const)(
      "tells a person once of a far end that is %s, and says later what was left out or is late",
      async (how) => {
        mood = how;
        notify("a");
        notify("b");
        await world.clock.advance(5 * MINUTE_MS);
        expect(world.problems).toHaveLength(1);
        expect(world.count("sent")).toBe(0);
        expect(world.count("refused")).toBe(how === "refusing" ? 2 : 0);
        mood = "well";
        notify("c", { atMs: world.clock.now() });
        await world.settle();
        const [last, before] = readings().toReversed();
        expect(last).toContain("title of c");
        if (how === "refusing") expect(last).toContain("title of b");
        else expect(before).toContain("title of b");
      },
    );

    it("returns at once and never throws, whatever the far end does and however much it is told", () => {
      mood = "silent";
      const rollout = told(receiver.spec);
      for (let index = 0; index < 600; index++) world.notifier.notify(rollout, aTransition(String(index)));
      expect(world.problems.length).toBeLessThanOrEqual(1);
      expect(world.notifier.pending).toBe(100);
      expect(world.count("dropped")).toBe(500);
    });

    it("drains what is queued, no longer than it may, and names what is not delivered", async () => {
      notify("a");
      await world.notifier.drain(MINUTE_MS);
      expect(readings()).toHaveLength(1);
      world = new NotifierWorld({ farEnd: () => "silent" });
      notify("b");
      const startMs = world.clock.now();
      let drainedAtMs = 0;
      void world.notifier.drain(3_000).then(() => {
        drainedAtMs = world.clock.now();
      });
      await world.clock.advance(MINUTE_MS);
      expect(drainedAtMs - startMs).toBe(3_000);
      expect(world.count("abandoned")).toBe(1);
      expect(world.logger.lines.join("\n")).toContain("title of b");
    });

    it("puts no secret into a log line or an event", async () => {
      const moods: Mood[] = ["failing", "refusing", "silent"];
      for (const next of moods) {
        mood = next;
        notify(next);
        await world.clock.advance(5 * MINUTE_MS);
      }
      expect(world.problems.length + world.logger.lines.length).toBeGreaterThan(1);
      expect([...world.logger.lines, ...world.problems].join("\n")).not.toMatch(/verysecret|alsosecret/);
    });
  });
}
