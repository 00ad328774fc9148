import { describe, expect, test } from "vitest";
import { type WebhookSpec, webhookSchema } from "../api/spec-gates.ts";
import type { GateAsk } from "../core/gates.ts";
import type { GateQuestion, GateReply } from "../gate/gate.ts";
import { VirtualClock } from "../lib/virtual-clock.ts";
import { GateDesk, type GateObserver } from "./gate-desk.ts";

const ROLLOUT = { metadata: { name: "checkout", namespace: "shop" } };

interface Call {
  readonly question: GateQuestion;
  readonly signal: AbortSignal;
  readonly answer: (result: GateReply["result"]) => void;
}

function aDesk() {
  const clock = new VirtualClock(0);
  const calls: Call[] = [];
  const woken: string[] = [];
  const counted: string[] = [];
  const observer: GateObserver = { answered: ({ type, result }) => counted.push(`${type} ${result}`) };
  const desk = new GateDesk({
    clock,
    observer,
    gate: {
      ask: (question, signal) =>
        new Promise((resolve) => {
          const answer = (result: GateReply["result"]) => resolve({ result, text: result });
          calls.push({ question, signal, answer });
          signal.addEventListener("abort", () => answer("none"));
        }),
    },
    wake: (key, isUrgent) => woken.push(`${key}${isUrgent ? "!" : ""}`),
  });
  return { clock, calls, woken, counted, desk };
}

function ask(name: string, more: Partial<GateAsk> & { readonly type?: WebhookSpec["type"] } = {}): GateAsk {
  const { type = "confirm-rollout", ...rest } = more;
  const hook = webhookSchema.parse({ name, type, url: "http://gates.test/" });
  return { id: name, hook, phase: "Waiting", checksum: "7d9f", dueMs: 0, urgentOn: null, ...rest };
}

describe("the desk", () => {
  test("asks what is due, once at a time, and wakes the Rollout when an answer comes", async () => {
    const { clock, calls, woken, desk } = aDesk();
    expect(desk.sync("a", ROLLOUT, [ask("qa"), ask("later", { dueMs: 5_000 })])).toBe(true);
    expect(desk.sync("a", ROLLOUT, [ask("qa"), ask("later", { dueMs: 5_000 })])).toBe(false);
    await clock.advance(0);
    expect(calls.map(({ question }) => question.hook.name)).toEqual(["qa"]);
    expect(desk.answers("a")["qa"]).toMatchObject({ count: 0, last: null, isAsking: true });
    calls[0]?.answer("no");
    await clock.advance(0);
    expect(woken).toEqual(["a"]);
    expect(desk.answers("a")["qa"]).toEqual({
      count: 1,
      refusals: 1,
      last: { result: "no", text: "no", atMs: 0 },
      isAsking: false,
    });
  });

  test("counts refusals in a row; silence is none, and a yes ends them", async () => {
    const { clock, calls, desk } = aDesk();
    const refusals: (number | undefined)[] = [];
    for (const result of ["no", "none", "no", "yes", "no"] as const) {
      desk.sync("a", ROLLOUT, [ask("qa")]);
      await clock.advance(0);
      calls.at(-1)?.answer(result);
      await clock.advance(0);
      refusals.push(desk.answers("a")["qa"]?.refusals);
    }
    expect(refusals).toEqual([1, 1, 2, 0, 1]);
  });

  test("is urgent where the answer may take the weight to 0", async () => {
    const { clock, calls, woken, desk } = aDesk();
    desk.sync("a", ROLLOUT, [ask("rollback", { type: "rollback", urgentOn: "yes" })]);
    await clock.advance(0);
    calls[0]?.answer("no");
    await clock.advance(0);
    desk.sync("a", ROLLOUT, [ask("rollback", { type: "rollback", urgentOn: "yes" })]);
    await clock.advance(0);
    calls[1]?.answer("yes");
    await clock.advance(0);
    expect(woken).toEqual(["a", "a!"]);
  });

  test("abandons what is no longer asked, and hears no answer to it", async () => {
    const { clock, calls, woken, counted, desk } = aDesk();
    desk.sync("a", ROLLOUT, [ask("qa"), ask("board")]);
    await clock.advance(0);
    desk.sync("a", ROLLOUT, [ask("board")]);
    await clock.advance(0);
    expect(calls.map(({ signal }) => signal.aborted)).toEqual([true, false]);
    expect(woken).toEqual([]);
    expect(counted).toEqual(["confirm-rollout abandoned"]);
    expect(Object.keys(desk.answers("a"))).toEqual(["board"]);
  });

  test("asks anew what was abandoned, whatever the old call says", async () => {
    const { clock, calls, desk } = aDesk();
    desk.sync("a", ROLLOUT, [ask("qa")]);
    await clock.advance(0);
    desk.clear();
    desk.sync("a", ROLLOUT, [ask("qa")]);
    calls[0]?.answer("yes");
    await clock.advance(0);
    expect(calls).toHaveLength(2);
    expect(desk.answers("a")["qa"]).toMatchObject({ count: 0, isAsking: true });
  });

  test("keeps nothing of a Rollout that is gone", async () => {
    const { clock, desk } = aDesk();
    desk.sync("a", ROLLOUT, [ask("qa")]);
    desk.sync("b", ROLLOUT, [ask("qa")]);
    await clock.advance(0);
    desk.forget("a");
    expect(desk.size).toBe(1);
  });

  test("asks a bounded number at once, and those that may roll back in any case", async () => {
    const { clock, calls, desk } = aDesk();
    for (let index = 0; index < 500; index++) desk.sync(`hanging-${index}`, ROLLOUT, [ask("qa")]);
    await clock.advance(0);
    expect(calls).toHaveLength(256);
    desk.sync("a", ROLLOUT, [ask("rollback", { type: "rollback", urgentOn: "yes" })]);
    await clock.advance(0);
    expect(calls.at(-1)?.question.hook.name).toBe("rollback");
    for (let index = 0; index < 500; index++) desk.forget(`hanging-${index}`);
    await clock.advance(0);
    // Whoever was still in line is not asked any more.
    expect(calls).toHaveLength(257);
  });
});
