import { beforeEach, describe, expect, it } from "vitest";
import type { Severity } from "../../src/api/reasons.ts";
import type { Rollout } from "../../src/api/rollout.ts";
import type { VirtualClock } from "../../src/lib/virtual-clock.ts";
import type { Notification, Notifier } from "../../src/notify/notify.ts";

/** A notifier on virtual time, and the far end that it delivers to. */
export interface NotifierUnderTest {
  readonly notifier: Notifier;
  readonly clock: VirtualClock;
  /** A Rollout that wants to be told from this severity on. */
  rollout(minSeverity: Severity): Rollout;
  /** Everything that has arrived, each message as one text. */
  delivered(): readonly string[];
  /** How the far end behaves from now on. "silent": it never answers. */
  behave(how: "well" | "failing" | "refusing" | "silent"): void;
  /** Problems that a person was told of. */
  problems(): readonly string[];
}

const MINUTE_MS = 60_000;

/** What every member of the notifier family promises. */
export function notifierContract(name: string, create: () => NotifierUnderTest): void {
  describe(`${name} as a notifier`, () => {
    let subject: NotifierUnderTest;

    beforeEach(() => {
      subject = create();
    });

    function notify(id: string, severity: Severity = "error", more: Partial<Notification> = {}): void {
      subject.notifier.notify(subject.rollout("info"), {
        id,
        rollout: { namespace: "shop", name: "checkout" },
        reason: "RolledBack",
        severity,
        title: `title of ${id}`,
        text: "why",
        facts: [],
        ...more,
      });
    }

    it("tells what, why, what next and the facts", async () => {
      notify("run-7/rolled-back", "error", {
        title: "v3 rolled back at 25 %",
        text: "errors rose from 0.1 % to 7.3 %",
        next: "ship a fixed image",
        facts: [{ name: "image", value: "shop/checkout:v3" }],
      });
      await subject.clock.advance(1_000);
      const [message, ...others] = subject.delivered();
      expect(others).toEqual([]);
      for (const part of [
        "v3 rolled back at 25 %",
        "errors rose from 0.1 % to 7.3 %",
        "ship a fixed image",
        "shop/checkout:v3",
        "shop/checkout",
      ]) {
        expect(message).toContain(part);
      }
    });

    it("tells a transition once, and transitions in their order", async () => {
      for (const id of ["a", "b", "a", "c", "b"]) notify(id);
      await subject.clock.advance(MINUTE_MS);
      const told = subject.delivered().map((text) => /title of (\w)/.exec(text)?.[1]);
      expect(told).toEqual(["a", "b", "c"]);
    });

    it("keeps quiet below the severity that is wanted", async () => {
      const notification: Notification = {
        id: "a",
        rollout: { namespace: "shop", name: "checkout" },
        reason: "WeightChanged",
        severity: "info",
        title: "title of a",
        text: "",
        facts: [],
      };
      subject.notifier.notify(subject.rollout("error"), notification);
      subject.notifier.notify(subject.rollout("error"), { ...notification, id: "b", severity: "warning" });
      await subject.clock.advance(MINUTE_MS);
      expect(subject.delivered()).toEqual([]);
    });

    it("tries again when the far end fails, and says nothing of it when that helps", async () => {
      subject.behave("failing");
      notify("a");
      await subject.clock.advance(500);
      subject.behave("well");
      await subject.clock.advance(MINUTE_MS);
      expect(subject.delivered().at(-1)).toContain("title of a");
      expect(subject.problems()).toEqual([]);
    });

    it.each(["failing", "refusing", "silent"] as const)(
      "tells a person once of a far end that is %s, and gives up",
      async (how) => {
        subject.behave(how);
        notify("a");
        notify("b");
        await subject.clock.advance(60 * MINUTE_MS);
        expect(subject.problems()).toHaveLength(1);
        await subject.notifier.drain(0);
        subject.behave("well");
        notify("c");
        await subject.clock.advance(MINUTE_MS);
        expect(subject.delivered().at(-1)).toContain("title of c");
      },
    );

    it("returns at once and never throws, whatever the far end does and however much it is told", async () => {
      subject.behave("silent");
      for (let index = 0; index < 3_000; index++) notify(String(index));
      expect(subject.problems().length).toBeLessThanOrEqual(1);
    });

    it("drains what is queued, and no longer than it may", async () => {
      notify("a");
      await subject.notifier.drain(MINUTE_MS);
      expect(subject.delivered()).toHaveLength(1);
      subject.behave("silent");
      notify("b");
      let drainedAtMs = 0;
      const startMs = subject.clock.now();
      void subject.notifier.drain(3_000).then(() => {
        drainedAtMs = subject.clock.now();
      });
      await subject.clock.advance(MINUTE_MS);
      expect(drainedAtMs - startMs).toBe(3_000);
    });
  });
}
