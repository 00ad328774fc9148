import { beforeEach, describe, expect, test } from "vitest";
import { VirtualClock } from "../lib/virtual-clock.ts";
import { LoadTester } from "./load-tester.ts";

const NEVER = new AbortController().signal;

let clock: VirtualClock;
let tester: LoadTester;

beforeEach(() => {
  clock = new VirtualClock();
  tester = new LoadTester(clock);
});

function body(metadata?: Record<string, unknown>): string {
  return JSON.stringify({
    name: "checkout",
    namespace: "shop",
    phase: "Progressing",
    checksum: "x",
    metadata,
  });
}

async function call(path: string, payload = body()) {
  const answered = tester.answer(path, payload, NEVER);
  await clock.advance(60_000);
  return answered;
}

/** As Flagger's server.go, gate.go and task_shell.go have it. */
describe("Flagger's load tester", () => {
  test("has gates that are closed until they are opened, one of each kind for each canary", async () => {
    expect(await call("/gate/check")).toEqual({ status: 403, body: "Forbidden" });
    expect(await call("/gate/open")).toEqual({ status: 202, body: "" });
    expect(await call("/gate/check")).toEqual({ status: 200, body: "Approved" });
    expect(await call("/rollback/check")).toEqual({ status: 403, body: "Forbidden" });
    expect(await call("/gate/check", body().replace("shop", "other"))).toMatchObject({ status: 403 });
    expect(await call("/gate/close")).toEqual({ status: 202, body: "" });
    expect(await call("/gate/check")).toMatchObject({ status: 403 });
    await call("/rollback/open");
    expect(await call("/rollback/check")).toEqual({ status: 200, body: "Approved" });
    expect(await call("/gate/check")).toMatchObject({ status: 403 });
  });

  test("has a gate that always agrees and one that never does, whatever is sent", async () => {
    expect(await call("/gate/approve", "")).toEqual({ status: 200, body: "OK" });
    expect(await call("/gate/halt", "")).toEqual({ status: 403, body: "Forbidden" });
  });

  test("takes a command on at once, and does not begin it again while it runs", async () => {
    tester.setOutcome("hey", { exit: 1, output: "", takesMs: 60_000 });
    const metadata = { cmd: "hey -z 1m http://checkout-canary.shop/" };
    const answers = [1, 2, 3].map(() => tester.answer("/", body(metadata), NEVER));
    expect(await Promise.all(answers)).toEqual([1, 2, 3].map(() => ({ status: 202, body: "" })));
    expect(tester.runs).toHaveLength(1);
    await clock.advance(60_000);
    await tester.answer("/", body({ ...metadata, type: "cmd", logCmdOutput: "true" }), NEVER);
    expect(tester.runs.map(({ canary }) => canary)).toEqual(["checkout.shop", "checkout.shop"]);
  });

  test("waits for a bash command, and tells how it ended", async () => {
    tester.setOutcome("curl", { exit: 22, output: "404", takesMs: 3_000 });
    tester.setOutcome("echo", { exit: 0, output: "fine", takesMs: 0 });
    expect(await call("/", body({ type: "bash", cmd: "curl -sf http://x" }))).toEqual({
      status: 500,
      body: " exit status 22 404",
    });
    expect(await call("/", body({ type: "bash", cmd: "echo" }))).toEqual({ status: 200, body: "" });
    const loud = { type: "bash", cmd: "echo", returnCmdOutput: "true" };
    expect(await call("/", body(loud))).toEqual({ status: 200, body: "fine" });
  });

  test("refuses what it cannot read or does not know", async () => {
    expect(await call("/gate/check", "{")).toEqual({ status: 400, body: "" });
    expect(await call("/", body({ cmd: 3 }))).toEqual({ status: 400, body: "" });
    expect(await call("/")).toEqual({ status: 400, body: "metadata not found in payload" });
    expect(await call("/", body({ type: "cmd" }))).toEqual({
      status: 400,
      body: "cmd not found in metadata",
    });
    expect(await call("/", body({ type: "x" }))).toEqual({ status: 400, body: "unknown task type x" });
  });
});
