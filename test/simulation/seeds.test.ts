import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { rolloutCrd } from "../../src/app/rehearsal.ts";
import { runSeed } from "../../src/app/simulation/run-seed.ts";

/** Seeds that failed once, and what they have found (docs/reliability.md). */
const KEPT = readFileSync(new URL("kept-seeds.txt", import.meta.url), "utf8")
  .split("\n")
  .map((line) => Number(line.split("#")[0]))
  .filter((seed) => seed > 0);

const crd = await rolloutCrd();

describe("simulation", () => {
  test("the same seed is the same run, byte for byte", async () => {
    const [first, second] = [await runSeed(5, crd), await runSeed(5, crd)];
    expect(first.result.trace.length).toBeGreaterThan(20);
    expect(second.result.trace).toEqual(first.result.trace);
    expect(second.digest).toBe(first.digest);
  }, 60_000);

  test("different seeds are different runs", async () => {
    const [first, second] = [await runSeed(5, crd), await runSeed(6, crd)];
    expect(second.digest).not.toBe(first.digest);
  }, 60_000);

  test.each(KEPT)(
    "seed %i, which failed once, passes",
    async (seed) => {
      expect((await runSeed(seed, crd)).violations).toEqual([]);
    },
    60_000,
  );
});
