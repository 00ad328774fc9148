import { describe, expect, it } from "vitest";
import { HEALTHY_IMAGE, type ImageBehaviour } from "../image.ts";
import {
  advanceContainer,
  backoffMs,
  type ContainerPlan,
  isContainerReady,
  newContainer,
  nextChangeAt,
} from "./container-run.ts";

function planOf(behaviour: Partial<ImageBehaviour>, more: Partial<ContainerPlan> = {}): ContainerPlan {
  return { behaviour: { ...HEALTHY_IMAGE, ...behaviour }, initialDelayMs: 0, restarts: "always", ...more };
}

/** The phases that a container goes through until `endMs`, each with the time at which it was seen first. */
function storyOf(plan: ContainerPlan, endMs: number): readonly string[] {
  const story: string[] = [];
  let run = newContainer(plan, 0);
  for (let now: number | null = 0; now !== null && now <= endMs; now = nextChangeAt(run, now)) {
    run = advanceContainer(run, plan, now);
    const text = `${run.phase}${isContainerReady(run, now) ? " ready" : ""} #${run.restarts}`;
    if (story.at(-1)?.split(": ")[1] !== text) story.push(`${now / 1_000}: ${text}`);
  }
  return story;
}

describe("a container", () => {
  it("is created within a second and ready after its start time", () => {
    expect(storyOf(planOf({ startTimeMs: 3_000 }), 60_000)).toEqual([
      "0: creating #0",
      "1: running #0",
      "3: running ready #0",
    ]);
  });

  it("is not ready before the initial delay of its probe", () => {
    const plan = planOf({ startTimeMs: 3_000 }, { initialDelayMs: 10_000 });
    expect(storyOf(plan, 60_000).at(-1)).toBe("11: running ready #0");
  });

  it("that never becomes ready runs on", () => {
    expect(storyOf(planOf({ neverReady: true }), 600_000)).toEqual(["0: creating #0", "1: running #0"]);
  });

  it("that crashes is restarted at once, then after 10 s, 20 s, 40 s", () => {
    expect(storyOf(planOf({ startTimeMs: 2_000, crashAfterMs: 5_000 }), 100_000)).toEqual([
      "0: creating #0",
      "1: running #0",
      "2: running ready #0",
      "6: running #1",
      "7: running ready #1",
      "11: crashBackOff #1",
      "21: running #2",
      "22: running ready #2",
      "26: crashBackOff #2",
      "46: running #3",
      "47: running ready #3",
      "51: crashBackOff #3",
      "91: running #4",
      "92: running ready #4",
      "96: crashBackOff #4",
    ]);
  });

  it("that crashes before it is ready is never ready", () => {
    const story = storyOf(planOf({ startTimeMs: 5_000, crashAfterMs: 1_000 }), 200_000);
    expect(story.filter((line) => line.includes("ready"))).toEqual([]);
  });

  it("of a pod that is not restarted ends with its first exit", () => {
    expect(storyOf(planOf({ crashAfterMs: 5_000 }, { restarts: "never" }), 600_000).at(-1)).toBe(
      "6: exited #0",
    );
  });

  it("whose image cannot be pulled waits, and starts once it can", () => {
    const broken = planOf({ pullError: true });
    expect(storyOf(broken, 600_000)).toEqual(["0: creating #0", "1: pullFailed #0", "3: pullBackOff #0"]);
    const waiting = advanceContainer(newContainer(broken, 0), broken, 60_000);
    const repaired = advanceContainer(waiting, planOf({}), (waiting.until ?? 0) + 1);
    expect(repaired.phase).toBe("running");
  });

  it("that crashes at the very start still comes to rest", () => {
    const plan = planOf({ startTimeMs: 0, crashAfterMs: 0 });
    expect(advanceContainer(newContainer(plan, 0), plan, 0)).toMatchObject({
      phase: "crashBackOff",
      until: 10_000,
    });
  });
});

describe("backoffMs", () => {
  it("doubles from 10 s to 5 minutes", () => {
    expect([1, 2, 3, 4, 5, 6, 99].map(backoffMs)).toEqual([
      10_000, 20_000, 40_000, 80_000, 160_000, 300_000, 300_000,
    ]);
  });
});
