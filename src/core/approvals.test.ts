import { describe, expect, test } from "vitest";
import { aSpec, CoreWorld } from "../../test/support/core-world.ts";

const MINUTE = 60_000;
const STEPS = [
  { weight: 10, hold: "1m", approval: "required" },
  { weight: 50, hold: "1m", approval: "required" },
];

function waiting(): CoreWorld {
  const world = new CoreWorld(aSpec({ steps: STEPS }));
  world.advance(MINUTE);
  world.ship("v2");
  world.advance(5 * MINUTE);
  expect(world.status).toMatchObject({ phase: "Waiting", run: { weight: 10 } });
  return world;
}

function approve(world: CoreWorld, revision?: string): void {
  const command = { name: "approve", reason: "looks good", by: "ada (sluice)" } as const;
  world.commands.push(revision === undefined ? command : { ...command, revision });
  world.settle();
}

describe("an approval", () => {
  test("stands in the history with who gave it, when, why and for which revision", () => {
    const world = waiting();
    approve(world, "v2");
    world.advance(5 * MINUTE);
    approve(world);
    world.advance(5 * MINUTE);
    expect(world.status?.history?.[0]).toMatchObject({
      revision: "v2",
      result: "Succeeded",
      approvals: [
        { step: 0, by: "ada (sluice)", reason: "looks good", at: "2026-01-05T09:06:00Z" },
        { step: 1, by: "ada (sluice)", reason: "looks good", at: "2026-01-05T09:11:00Z" },
      ],
    });
  });

  test("and who skipped a step or had it promoted stand there alike, with the last verdict", () => {
    const world = waiting();
    world.command("skip", "it is small");
    world.settle();
    world.command("promote", "and urgent");
    world.advance(5 * MINUTE);
    expect(world.status?.history?.[0]).toMatchObject({
      revision: "v2",
      reason: "PromotedByCommand",
      verdict: { result: expect.any(String), reason: expect.any(String) },
      approvals: [
        { skipped: "Step 1/2", by: "kubectl-annotate", reason: "it is small", at: "2026-01-05T09:06:00Z" },
        { isPromotion: true, by: "kubectl-annotate", reason: "and urgent", at: "2026-01-05T09:06:00Z" },
      ],
    });
  });

  test("that was given for another revision is refused, and says which is in question", () => {
    const world = waiting();
    approve(world, "v3");
    expect(world.traffic?.canaryWeight).toBe(10);
    expect(world.status?.run?.approvals).toBeUndefined();
    const texts = world.decisions.flatMap(({ events }) => events.map(({ message }) => message));
    expect(texts).toContain(
      "approve by ada (sluice) was refused: it was given for revision v3, and v2 (shop/checkout:v2) is in question.",
    );
  });

  test("does not outlive its revision", () => {
    const world = waiting();
    approve(world);
    world.ship("v3");
    world.advance(10 * MINUTE);
    expect(world.status).toMatchObject({ phase: "Waiting", run: { revision: "v3", weight: 10 } });
    expect(world.status?.run?.approvals).toBeUndefined();
  });

  test("does not outlive its step when the steps begin again", () => {
    const world = waiting();
    approve(world);
    expect(world.traffic?.canaryWeight).toBe(50);
    for (const readyReplicas of [0, 3]) {
      const { target, canaryService } = world;
      world.target = { ...target!, current: { ...target!.current!, readyReplicas } };
      world.canaryService = { ...canaryService, readyEndpoints: readyReplicas };
      world.settle();
    }
    world.advance(10 * MINUTE);
    expect(world.status).toMatchObject({ phase: "Waiting", run: { weight: 10, restarts: 1 } });
  });

  test("holds once, however often it is given", () => {
    const world = new CoreWorld(aSpec({ steps: STEPS }));
    world.advance(MINUTE);
    world.ship("v2");
    world.advance(30_000);
    approve(world);
    approve(world);
    world.advance(10 * MINUTE);
    expect(world.status?.phase).toBe("WaitingPromotion");
    expect(world.status?.run?.approvals).toMatchObject([{ step: 0 }]);
  });
});
