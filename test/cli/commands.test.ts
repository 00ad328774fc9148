import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ROLLOUT } from "../../src/api/resource.ts";
import type { Rollout } from "../../src/api/rollout.ts";
import { CliCluster } from "../support/cli-cluster.ts";
import { transcript } from "../support/command-line.ts";
import { STATUSES, STEPPING } from "../support/released-rollouts.ts";

let cluster: CliCluster;

beforeAll(async () => {
  cluster = await CliCluster.start();
});

afterAll(() => cluster.stop());

const ROLLING_BACK = {
  ...STATUSES.stepping,
  phase: "Failed",
  canaryWeight: 0,
  message: "Aborted by ada (sluice): p99 looks bad. All traffic is on shop/checkout:v1.",
  run: { ...STEPPING, stage: "RollingBack", weight: 0 },
} as const;

function stored(name: string): Promise<Rollout> {
  return cluster.client.get<Rollout>(ROLLOUT, { namespace: "shop", name });
}

describe("a command", () => {
  test("is written with its reason, and is done when the controller has taken it", async () => {
    await cluster.release("checkout", STATUSES.stepping);
    const obeyed = cluster.obey("checkout", "abort", async () => {
      await cluster.release("checkout", ROLLING_BACK);
    });
    const args = ["abort", "checkout", "-n", "shop", "--reason", "p99 looks bad", "--revision", "7d9f"];
    const ran = await cluster.run(args);
    await expect(transcript(args, ran)).toMatchFileSnapshot("../transcripts/abort.txt");
    const given = await obeyed;
    expect(given.metadata.annotations).toEqual({
      "sluice.dev/abort": '{"reason":"p99 looks bad","revision":"7d9f8c6b5"}',
    });
    expect(JSON.stringify(given.metadata.managedFields)).toContain("(sluice)");
  });

  test("that was obeyed already is no failure", async () => {
    await cluster.release("twice", ROLLING_BACK);
    const obeyed = cluster.obey("twice", "abort", async () => {});
    const { code, err } = await cluster.run(["abort", "twice", "-n", "shop"]);
    await obeyed;
    expect({ code, err }).toEqual({ code: 0, err: "" });
  });

  test("that is refused tells why and fails", async () => {
    const rollout = await cluster.release("cart", STATUSES.failed);
    const obeyed = cluster.obey("cart", "abort", async () => {
      await cluster.tell(rollout, {
        reason: "CommandRefused",
        message: "abort by ada (sluice) was refused: nothing is being released (phase Failed).",
        at: "2026-01-05T09:04:10Z",
        type: "Warning",
      });
    });
    const args = ["abort", "cart", "-n", "shop"];
    const ran = await cluster.run(args);
    await obeyed;
    await expect(transcript(args, ran)).toMatchFileSnapshot("../transcripts/abort-refused.txt");
  });

  test("for a revision that is no longer the one in question changes nothing", async () => {
    await cluster.release("orders", STATUSES.stepping);
    const args = ["promote", "orders", "-n", "shop", "--revision", "5c6b7d8f9"];
    const ran = await cluster.run(args);
    await expect(transcript(args, ran)).toMatchFileSnapshot("../transcripts/stale-revision.txt");
    expect((await stored("orders")).metadata.annotations).toBeUndefined();
  });

  test("that nobody takes up says so when time is up", async () => {
    await cluster.release("payment", STATUSES.stepping);
    const args = ["pause", "payment", "-n", "shop", "--timeout", "100ms"];
    const ran = await cluster.run(args);
    await expect(transcript(args, ran)).toMatchFileSnapshot("../transcripts/pause-no-controller.txt");
  });

  test("need not be waited for", async () => {
    await cluster.release("search", STATUSES.waitingForApproval);
    const ran = await cluster.run(["approve", "search", "-n", "shop", "--no-wait", "--reason", "ok"]);
    expect(ran).toMatchObject({ code: 0, err: "" });
    expect((await stored("search")).metadata.annotations).toEqual({
      "sluice.dev/approve": '{"reason":"ok","revision":"7d9f8c6b5"}',
    });
  });
});

describe("sluice wait", () => {
  test("ends well when my image is promoted", async () => {
    await cluster.release("w1", STATUSES.stepping);
    const promoted = { revision: STEPPING.revision, images: STEPPING.images, at: "2026-01-05T09:04:10Z" };
    const message = "shop/checkout:v2 serves all requests.";
    const waiting = cluster.run(["wait", "w1", "-n", "shop", "--image", "shop/checkout:v2"]);
    await cluster.release("w1", { ...STATUSES.atRest, promoted, message });
    const { code, out } = await waiting;
    expect({ code, out }).toEqual({
      code: 0,
      out: "shop/checkout:v2 is promoted. shop/checkout:v2 serves all requests.\n",
    });
  });

  test("fails with the reason when my revision is rejected, and ends well for who waited for that", async () => {
    await cluster.release("w2", STATUSES.failed);
    const args = ["wait", "w2", "-n", "shop", "--revision", "7d9f8c6b5"];
    const ran = await cluster.run(args);
    await expect(transcript(args, ran)).toMatchFileSnapshot("../transcripts/wait-failed.txt");
    expect((await cluster.run([...args, "--for", "failed"])).code).toBe(0);
  });

  test("gives up when time is up, and tells that it never saw my image", async () => {
    await cluster.release("w3", STATUSES.atRest);
    const args = ["wait", "w3", "-n", "shop", "--image", "shop/checkout:v3", "--timeout", "100ms"];
    const ran = await cluster.run(args);
    await expect(transcript(args, ran)).toMatchFileSnapshot("../transcripts/wait-timeout.txt");
  });

  test("wants to know what for", async () => {
    const args = ["wait", "w3", "-n", "shop"];
    await expect(transcript(args, await cluster.run(args))).toMatchFileSnapshot(
      "../transcripts/wait-usage.txt",
    );
  });
});

describe("sluice lint --live", () => {
  test("tells what the controller refuses", async () => {
    const conditions = [
      {
        type: "Accepted",
        status: "False",
        reason: "TargetInvalid",
        message: 'spec.targetRef.name: Deployment "w4" does not exist in namespace "shop"',
        lastTransitionTime: "2026-01-05T09:00:00Z",
      },
    ] as const;
    await cluster.release("w4", { phase: "Initializing", canaryWeight: 0, conditions });
    const ran = await cluster.run(["lint", "--live", "-n", "shop"]);
    expect(ran).toEqual({
      code: 1,
      out:
        'shop/w4: Accepted: spec.targetRef.name: Deployment "w4" does not exist in namespace "shop"\n' +
        ["virtualservices.networking", "destinationrules.networking", "peerauthentications.security"]
          .map((kind) => `not looked at: ${kind}.istio.io are not in this cluster\n`)
          .join(""),
      err: "sluice: 1 problem found\n",
    });
  });
});
