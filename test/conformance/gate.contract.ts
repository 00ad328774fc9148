import { beforeEach, describe, expect, it } from "vitest";
import type { WebhookSpec } from "../../src/api/spec-gates.ts";
import type { Gate, GateReply } from "../../src/gate/gate.ts";
import type { VirtualClock } from "../../src/lib/virtual-clock.ts";

/** A gate on virtual time, and the far end that it asks. */
export interface GateUnderTest {
  readonly gate: Gate;
  readonly clock: VirtualClock;
  /** How the far end behaves from now on. "silent": it never answers; "away": nobody is there. */
  behave(how: "agree" | "refuse" | "silent" | "away"): void;
  hook(more?: Partial<WebhookSpec>): WebhookSpec;
  /** What the far end was sent so far, each as one text. */
  received(): readonly string[];
}

/** What every member of the gate family promises. */
export function gateContract(name: string, create: () => GateUnderTest): void {
  describe(`${name} as a gate`, () => {
    let subject: GateUnderTest;

    beforeEach(() => {
      subject = create();
    });

    function ask(more: Partial<WebhookSpec> = {}, signal = new AbortController().signal): Promise<GateReply> {
      const rollout = { metadata: { name: "checkout", namespace: "shop" } };
      return subject.gate.ask(
        { rollout, hook: subject.hook(more), phase: "Progressing", checksum: "7d9f" },
        signal,
      );
    }

    it("says who asks about what", async () => {
      subject.behave("agree");
      await ask();
      expect(subject.received()).toHaveLength(1);
      for (const part of ["checkout", "shop", "Progressing", "7d9f"])
        expect(subject.received()[0]).toContain(part);
    });

    it.each([
      ["agree", "yes"],
      ["refuse", "no"],
      ["away", "none"],
    ] as const)("a far end that is to %s is heard as %s, with a text", async (how, result) => {
      subject.behave(how);
      expect(await ask()).toEqual({ result, text: expect.stringMatching(/./) });
    });

    it("waits no longer than the timeout, which is neither yes nor no", async () => {
      subject.behave("silent");
      const startMs = subject.clock.now();
      let took = 0;
      const asked = ask({ timeout: "7s" }).finally(() => {
        took = subject.clock.now() - startMs;
      });
      await subject.clock.advance(60_000);
      expect(await asked).toEqual({ result: "none", text: "no answer within 7s" });
      expect(took).toBe(7_000);
    });

    it("tries again as often as it may, and each attempt has its timeout", async () => {
      subject.behave("silent");
      const asked = ask({ timeout: "2s", retries: 2 });
      await subject.clock.advance(60_000);
      expect(await asked).toMatchObject({ result: "none", text: expect.stringContaining("3 attempts") });
    });

    it("does not ask again where the answer is a no", async () => {
      subject.behave("refuse");
      await ask({ retries: 5 });
      expect(subject.received()).toHaveLength(1);
    });

    it("settles soon after it is no longer wanted", async () => {
      subject.behave("silent");
      const wanted = new AbortController();
      let isSettled = false;
      const asked = ask({ timeout: "1h", retries: 10 }, wanted.signal).finally(() => {
        isSettled = true;
      });
      await subject.clock.advance(1_000);
      expect(isSettled).toBe(false);
      wanted.abort();
      await subject.clock.advance(0);
      expect(await asked).toMatchObject({ result: "none" });
    });
  });
}
