import { describe, expect, it } from "vitest";
import { summarizePod } from "./pod-status.ts";

const NOW = Date.parse("2026-01-01T01:00:00Z");
const MAIN = { name: "main" };
const RUNNING = { name: "main", ready: true, restartCount: 0, state: { running: {} } };

function pod(status: object, more: { spec?: object; metadata?: object } = {}) {
  return {
    metadata: { name: "p", ...more.metadata },
    spec: { containers: [MAIN], ...more.spec },
    status: { phase: "Pending", ...status },
  };
}

function summary(...args: Parameters<typeof pod>): string {
  const { ready, status, restarts } = summarizePod(pod(...args), NOW);
  return `${ready} ${status} ${restarts}`;
}

describe("a pod", () => {
  it.each([
    ["without containers yet", pod({}), "0/1 Pending 0"],
    ["that runs", pod({ phase: "Running", containerStatuses: [RUNNING] }), "1/1 Running 0"],
    ["that waits for its image", waiting("ImagePullBackOff"), "0/1 ImagePullBackOff 0"],
    ["that was evicted", pod({ phase: "Failed", reason: "Evicted" }), "0/1 Evicted 0"],
    [
      "that ended well",
      pod({ phase: "Succeeded", containerStatuses: [ended({ exitCode: 0, reason: "Completed" })] }),
      "0/1 Completed 0",
    ],
    ["that ended without a reason", pod({ containerStatuses: [ended({ exitCode: 3 })] }), "0/1 ExitCode:3 0"],
    ["that was killed", pod({ containerStatuses: [ended({ exitCode: 137, signal: 9 })] }), "0/1 Signal:9 0"],
    [
      "whose first init container is under way",
      pod(
        { initContainerStatuses: [{ name: "i", state: { running: {} } }] },
        { spec: { initContainers: [{ name: "i" }, { name: "j" }] } },
      ),
      "0/1 Init:0/2 0",
    ],
    [
      "whose init container crashes",
      pod(
        {
          initContainerStatuses: [
            { name: "i", restartCount: 4, state: { waiting: { reason: "CrashLoopBackOff" } } },
          ],
        },
        { spec: { initContainers: [{ name: "i" }] } },
      ),
      "0/1 Init:CrashLoopBackOff 4",
    ],
    [
      "with a sidecar",
      pod(
        {
          phase: "Running",
          initContainerStatuses: [{ name: "proxy", started: true, ready: true, state: { running: {} } }],
          containerStatuses: [RUNNING],
        },
        { spec: { initContainers: [{ name: "proxy", restartPolicy: "Always" }] } },
      ),
      "2/2 Running 0",
    ],
  ])("%s", (_, object, expected) => {
    const { ready, status, restarts } = summarizePod(object, NOW);
    expect(`${ready} ${status} ${restarts}`).toBe(expected);
  });

  it("says when it last restarted", () => {
    const lastState = { terminated: { finishedAt: "2026-01-01T00:55:00Z" } };
    const containerStatuses = [{ ...RUNNING, restartCount: 2, lastState }];
    expect(summary({ phase: "Running", containerStatuses })).toBe("1/1 Running 2 (5m ago)");
  });

  it("that is being deleted is Terminating, unless it has ended", () => {
    const metadata = { deletionTimestamp: "2026-01-01T00:59:00Z" };
    expect(summary({ phase: "Running", containerStatuses: [RUNNING] }, { metadata })).toBe(
      "1/1 Terminating 0",
    );
    expect(summary({ phase: "Failed" }, { metadata })).toBe("0/1 Failed 0");
  });
});

function waiting(reason: string) {
  return pod({ containerStatuses: [{ name: "main", restartCount: 0, state: { waiting: { reason } } }] });
}

function ended(terminated: object) {
  return { name: "main", restartCount: 0, state: { terminated } };
}
