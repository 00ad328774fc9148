import { describe, expect, it } from "vitest";
import { aPodOf, aReplicaSet, aTarget } from "../../../test/support/rollout-objects.ts";
import type { ContainerStatus, Pod } from "../../kube/kind/workload.ts";
import { notReadyReason } from "./not-ready-reason.ts";

const SET = aReplicaSet("7d9f");
const TARGET = aTarget();

function container(
  state: NonNullable<ContainerStatus["state"]>,
  more: Partial<ContainerStatus> = {},
): ContainerStatus {
  return { name: "main", image: "shop/checkout:v2", ready: false, restartCount: 0, state, ...more };
}

function aPodWith(suffix: string, status: NonNullable<Pod["status"]>): Pod {
  return aPodOf(SET, suffix, status);
}

function reason(pods: readonly Pod[], target = TARGET): string | null {
  return notReadyReason(3, pods, target);
}

describe("notReadyReason", () => {
  it("is null when all pods that are wanted are ready", () => {
    expect(reason([aPodOf(SET, "a"), aPodOf(SET, "b"), aPodOf(SET, "c")])).toBeNull();
  });

  it("tells of a crash loop with restarts and exit code", () => {
    const crashing = aPodWith("abcde", {
      phase: "Running",
      containerStatuses: [
        container(
          { waiting: { reason: "CrashLoopBackOff", message: "back-off 1m20s restarting failed container" } },
          { restartCount: 4, lastState: { terminated: { reason: "Error", exitCode: 1 } } },
        ),
      ],
    });
    expect(reason([aPodOf(SET, "a"), crashing])).toBe(
      "1 of 3 pods ready; checkout-7d9f-abcde: CrashLoopBackOff, 4 restarts, exit code 1",
    );
  });

  const CASES: readonly (readonly [string, NonNullable<Pod["status"]>, string])[] = [
    [
      "an image that cannot be pulled",
      {
        phase: "Pending",
        containerStatuses: [container({ waiting: { reason: "ImagePullBackOff", message: "Back-off" } })],
      },
      "ImagePullBackOff shop/checkout:v2",
    ],
    [
      "a missing ConfigMap",
      {
        phase: "Pending",
        containerStatuses: [
          container({
            waiting: { reason: "CreateContainerConfigError", message: 'configmap "settings" not found' },
          }),
        ],
      },
      'CreateContainerConfigError: configmap "settings" not found',
    ],
    [
      "memory",
      {
        phase: "Running",
        containerStatuses: [
          container(
            { waiting: { reason: "CrashLoopBackOff" } },
            { restartCount: 1, lastState: { terminated: { reason: "OOMKilled", exitCode: 137 } } },
          ),
        ],
      },
      "CrashLoopBackOff, 1 restart, exit code 137 (OOMKilled)",
    ],
    [
      "a container that has just exited",
      { phase: "Running", containerStatuses: [container({ terminated: { reason: "Error", exitCode: 2 } })] },
      "Error, exit code 2",
    ],
    [
      "nodes without room",
      {
        phase: "Pending",
        conditions: [
          {
            type: "PodScheduled",
            status: "False",
            reason: "Unschedulable",
            message: "0/3 nodes are available: 3 Insufficient cpu.",
          },
        ],
      },
      "Unschedulable: 0/3 nodes are available: 3 Insufficient cpu.",
    ],
    [
      "a probe that does not succeed",
      {
        phase: "Running",
        containerStatuses: [container({ running: { startedAt: "2026-01-05T09:00:00Z" } })],
      },
      "container main is running, but not ready",
    ],
    [
      "an init container that fails",
      {
        phase: "Pending",
        initContainerStatuses: [
          container({ waiting: { reason: "CrashLoopBackOff" } }, { name: "migrate", restartCount: 2 }),
        ],
        containerStatuses: [container({ waiting: { reason: "PodInitializing" } })],
      },
      "CrashLoopBackOff, 2 restarts",
    ],
    [
      "an evicted pod",
      { phase: "Failed", reason: "Evicted", message: "low on memory" },
      "Evicted: low on memory",
    ],
    [
      "an ordinary start",
      { phase: "Pending", containerStatuses: [container({ waiting: { reason: "ContainerCreating" } })] },
      "starting",
    ],
  ];

  it.each(CASES)("tells of %s", (_what, status, text) => {
    expect(reason([aPodWith("x", status)])).toBe(`0 of 3 pods ready; checkout-7d9f-x: ${text}`);
  });

  it("names the pod that explains most", () => {
    const [, crash] = CASES[2] as (typeof CASES)[number];
    const [, starting] = CASES[8] as (typeof CASES)[number];
    expect(reason([aPodWith("a", starting), aPodWith("b", crash)])).toContain(
      "checkout-7d9f-b: CrashLoopBackOff",
    );
  });

  it("tells why pods were never made", () => {
    const message = 'pods "checkout-7d9f-x" is forbidden: exceeded quota: compute';
    const target = aTarget(
      {},
      { status: { conditions: [{ type: "ReplicaFailure", status: "True", message }] } },
    );
    expect(reason([], target)).toBe(`0 of 3 pods ready; 3 pods not created yet: ${message}`);
    expect(reason([])).toBe("0 of 3 pods ready; 3 pods not created yet");
  });

  it("does not count pods that are going", () => {
    const ready = aPodOf(SET, "a");
    const going = { ...ready, metadata: { ...ready.metadata, deletionTimestamp: "2026-01-05T09:00:00Z" } };
    expect(notReadyReason(1, [going], TARGET)).toBe("0 of 1 pod ready; 1 pod not created yet");
  });

  it("stays one bounded line whatever a pod says", () => {
    const text = reason([
      aPodWith("x", { phase: "Failed", reason: "Evicted", message: "no\n".repeat(5_000) }),
    ]);
    expect(text?.length).toBeLessThanOrEqual(320);
    expect(text).not.toContain("\n");
  });
});
