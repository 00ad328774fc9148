import { describe, expect, it } from "vitest";
import { aPod, readyStatus } from "../../../test/support/workload-objects.ts";
import { Cache } from "../../kube/cache.ts";
import type { Pod } from "../../kube/kind/workload.ts";
import { POD } from "../../kube/resources.ts";
import { VirtualClock } from "../../lib/virtual-clock.ts";
import { GroundTruth } from "./ground-truth.ts";
import { PodLoad } from "./pod-load.ts";

const running = {
  state: { running: { startedAt: "2026-01-05T09:00:00Z" } },
  name: "main",
  ready: true,
  restartCount: 0,
};

function servingPod(name: string): Pod {
  const labels = { "pod-template-hash": "abc" };
  const ownerReferences = [
    { apiVersion: "apps/v1", kind: "ReplicaSet", name: "web-abc", uid: "uid-set", controller: true },
  ];
  const pod = aPod(name, { metadata: { labels, ownerReferences } });
  return { ...pod, status: { ...readyStatus(), phase: "Running", containerStatuses: [running] } };
}

const REQUEST = { source: "web", method: "GET", path: "/", authority: "web", use: "live" } as const;

describe("PodLoad", () => {
  it("spreads the requests of the last 15 s to a revision over its pods that serve", async () => {
    const clock = new VirtualClock();
    const truth = new GroundTruth();
    const pods = new Cache<Pod>(POD);
    const serving = [servingPod("a"), servingPod("b")];
    pods.replace({ items: serving.map((pod, index) => versioned(pod, index + 1)), resourceVersion: "9" });
    const load = new PodLoad({ clock, pods, truth: () => truth });
    expect(load.usageOf(serving[0]!)?.cpu).toBe(5);
    for (let second = 0; second < 20; second++) {
      await clock.advance(1_000);
      truth.sent(clock.now(), { namespace: "shop", workload: "web", hash: "abc" }, REQUEST, 100);
    }
    // 100 requests a second over two pods, 5 ms of cpu each.
    const cpu = load.usageOf(serving[0]!)?.cpu ?? 0;
    expect(Math.abs(cpu - 255)).toBeLessThan(20);
  });

  it("knows nothing of a pod that does not serve", () => {
    const clock = new VirtualClock();
    const load = new PodLoad({ clock, pods: new Cache<Pod>(POD), truth: () => new GroundTruth() });
    expect(load.usageOf(aPod("pending"))).toBeNull();
  });
});

function versioned(pod: Pod, version: number): Pod {
  return { ...pod, metadata: { ...pod.metadata, resourceVersion: String(version) } };
}
