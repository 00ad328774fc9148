import { expect, test } from "vitest";
import { rolloutCrd } from "../../src/app/rehearsal.ts";
import { everyCrashPoint } from "../../src/app/simulation/crash-points.ts";
import { STORIES } from "../../src/app/simulation/stories.ts";

/** All of them take minutes: `npm run sim -- --crash-points all`. */
const STRIDE = 17;

test.each(["promote", "rollback"])(
  "%s ends as without a crash, wherever the controller crashes",
  async (name) => {
    const { points, problems } = await everyCrashPoint(STORIES[name]!, await rolloutCrd(), STRIDE);
    expect(points).toBeGreaterThan(2);
    expect(problems).toEqual([]);
  },
  120_000,
);
