import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { CliCluster } from "../support/cli-cluster.ts";
import { transcript } from "../support/command-line.ts";
import { STATUSES } from "../support/released-rollouts.ts";

let cluster: CliCluster;

beforeAll(async () => {
  cluster = await CliCluster.start();
  const checkout = await cluster.release("checkout", STATUSES.stepping);
  await cluster.release("cart", STATUSES.atRest);
  await cluster.release("orders", STATUSES.failed);
  await cluster.release("payment", STATUSES.waitingForApproval);
  await cluster.release("search", STATUSES.paused);
  await cluster.release("stock", STATUSES.waitingForGates);
  await cluster.deploy("checkout", 20);
  await cluster.tell(checkout, {
    reason: "RunStarted",
    message:
      "shop/checkout:v2 is being released. 3 canary pods are starting; then 3 steps up to 50 % of requests.",
    at: "2026-01-05T09:00:00Z",
  });
  await cluster.tell(checkout, {
    reason: "CommandRefused",
    message: "retry by kubectl-annotate was refused: shop/checkout:v2 is being released already.",
    at: "2026-01-05T09:01:20Z",
    type: "Warning",
  });
  await cluster.tell(checkout, {
    reason: "WeightChanged",
    message: "shop/checkout:v2 gets 25 % of requests. Step 2/3, at least until 09:05:00 UTC.",
    at: "2026-01-05T09:03:00Z",
  });
});

afterAll(() => cluster.stop());

/** Each is one file of test/transcripts. */
const TRANSCRIPTS: Readonly<Record<string, readonly string[]>> = {
  get: ["get", "-n", "shop"],
  "get-wide-everywhere": ["get", "-A", "-o", "wide"],
  "get-name": ["get", "cart", "checkout", "-n", "shop", "-o", "name"],
  "get-nothing": ["get", "-n", "quiet"],
  "status-stepping": ["status", "checkout", "-n", "shop"],
  "status-wide": ["status", "checkout", "-n", "shop", "-o", "wide"],
  "status-approval": ["status", "payment", "-n", "shop"],
  "status-gates": ["status", "stock", "-n", "shop"],
  "status-paused": ["status", "search", "-n", "shop"],
  "status-failed": ["status", "orders", "-n", "shop"],
  "status-at-rest": ["status", "cart", "-n", "shop"],
  "explain-stepping": ["explain", "checkout", "-n", "shop"],
  "explain-gates": ["explain", "stock", "-n", "shop"],
  "explain-failed": ["explain", "orders", "-n", "shop"],
  history: ["history", "orders", "-n", "shop"],
  "no-such-name": ["status", "chekout", "-n", "shop"],
  "wrong-namespace": ["explain", "checkout", "-n", "quiet"],
  "wrong-flag": ["get", "--nonsense"],
  "wrong-context": ["get", "--context", "production"],
};

describe("sluice", () => {
  for (const [name, args] of Object.entries(TRANSCRIPTS)) {
    test(`${args.join(" ")} reads as in ${name}.txt`, async () => {
      const ran = await cluster.run(args);
      const hidden = { ...ran, err: ran.err.replaceAll(/kubeconfig \S+:/g, "kubeconfig FILE:") };
      await expect(transcript(args, hidden)).toMatchFileSnapshot(`../transcripts/${name}.txt`);
    });
  }

  test("hands the whole object to programs", async () => {
    const one = await cluster.run(["status", "checkout", "-n", "shop", "-o", "json"]);
    expect(JSON.parse(one.out)).toMatchObject({
      metadata: { name: "checkout" },
      status: { canaryWeight: 25 },
    });
    const all = await cluster.run(["get", "-n", "shop", "-o", "yaml"]);
    expect(all.out).toMatch(/^apiVersion: v1\nkind: List\nitems:\n/);
    const why = await cluster.run(["explain", "checkout", "-n", "shop", "-o", "json"]);
    expect(JSON.parse(why.out).queries).toHaveLength(3);
  });
});

describe("a cluster that says no", () => {
  test("to somebody without permission, in one line", async () => {
    const kubeconfig = await cluster.kubeconfig((text) => text.replace(/ *token: .*\n/, ""));
    const ran = await cluster.run(["get", "-n", "shop"], { kubeconfig });
    expect(ran.err).toMatch(/^sluice: listing rollouts.sluice.dev in shop: .* cannot list .*\n$/);
    expect(ran.code).toBe(6);
  });

  test("to credentials that it does not know", async () => {
    const kubeconfig = await cluster.kubeconfig((text) => text.replace(/token: .*/, "token: stale"));
    const ran = await cluster.run(["status", "checkout", "-n", "shop"], { kubeconfig });
    expect(ran.err).toMatch(/^sluice: .*does not accept these credentials\n$/);
    expect(ran.code).toBe(6);
  });

  test("by not being there", async () => {
    const kubeconfig = await cluster.kubeconfig((text) =>
      text.replace(/server: .*/, "server: https://127.0.0.1:1"),
    );
    const ran = await cluster.run(["abort", "checkout", "-n", "shop"], { kubeconfig });
    expect(ran.err).toBe(
      "sluice: the cluster does not answer: getting rollouts.sluice.dev shop/checkout: https://127.0.0.1:1: connect ECONNREFUSED 127.0.0.1:1; is it the right one? See --context and --kubeconfig\n",
    );
    expect(ran.code).toBe(7);
  });
});

describe("sluice status --watch", () => {
  test("prints a line for each change where there is no screen", async () => {
    await cluster.release("cart", STATUSES.atRest);
    let stop = () => {};
    const asked = new Promise<void>((resolve) => {
      stop = resolve;
    });
    let changes = 0;
    const onOut = (out: string) => {
      if (out.includes("Succeeded") && changes++ === 0) void cluster.release("cart", STATUSES.stepping);
      if (out.includes("25 %")) stop();
    };
    const ran = await cluster.run(["status", "cart", "-n", "shop", "--watch"], { asked, onOut });
    expect(ran).toEqual({
      code: 0,
      err: "",
      out:
        "09:04:10  Succeeded              0 %  shop/checkout:v1 serves all requests.\n" +
        "09:04:10  Progressing 2/3       25 %  Step 2/3: 25 % of requests, at least until 09:05:00 UTC.\n",
    });
  });

  test("draws the whole view on a screen", async () => {
    let stop = () => {};
    const asked = new Promise<void>((resolve) => {
      stop = resolve;
    });
    const onOut = (out: string) => {
      if (out.includes("held against")) stop();
    };
    const ran = await cluster.run(["status", "checkout", "-n", "shop", "-w"], {
      asked,
      onOut,
      isScreen: true,
    });
    expect(ran.code).toBe(0);
    expect(ran.out).toContain("sluice abort checkout -n shop --revision 7d9f8c6b5");
    // The cursor is given back.
    expect(ran.out.endsWith("\u001b[?25h")).toBe(true);
  });
});
