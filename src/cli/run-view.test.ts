import { stripVTControlCharacters } from "node:util";
import { describe, expect, test } from "vitest";
import { aSpec, CoreWorld, served } from "../../test/support/core-world.ts";
import { explanation } from "./explanation.ts";
import { stepLine, weightBars } from "./run-view.ts";

const MATCH = [{ headers: { "x-tester": { exact: "yes" } } }];

/** A world in the middle of a release of this kind. */
function releasing(way: Record<string, unknown>): CoreWorld {
  const world = new CoreWorld(aSpec({ steps: undefined, ...way }));
  world.advance(60_000);
  world.evidence = () => ({ canary: served(200), primary: served(800) });
  world.ship("v2");
  world.settle();
  return world;
}

function shown(world: CoreWorld): readonly string[] {
  const rollout = world.rollout();
  const run = world.status?.run;
  if (run === undefined) throw new Error("nothing is being released");
  const bars = weightBars(rollout, { primary: "", canary: "" });
  const lines = [stepLine(run), ...bars.map((bar) => bar.replaceAll(/[█░]+ +/g, ""))];
  return lines.map((line) => stripVTControlCharacters(line).trim());
}

describe("a release by match looks as what it is", () => {
  test("an A/B test", () => {
    const world = releasing({ ab: { match: MATCH, duration: "10m" } });
    expect(shown(world)).toEqual([
      "start ─ [A/B] ─ promote",
      "primary  100 %",
      "canary   0 %   requests that match",
    ]);
    expect(explanation(world.rollout(), [], world.nowMs)[0]).toContain(
      "Since 09:01:00 UTC it is in its A/B test: requests that match reach it, all others the primary.",
    );
  });

  test("blue/green, before and after the switch", () => {
    const world = releasing({ blueGreen: { previewMatch: MATCH, duration: "1m" } });
    expect(shown(world)[0]).toBe("start ─ [preview] ─ switch and promote");
    world.starts = () => false;
    world.advance(90_000);
    expect(shown(world)).toEqual([
      "start ─ preview ─ [switch and promote]",
      "primary  0 %",
      "canary   100 %",
    ]);
  });
});
