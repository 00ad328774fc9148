import { readFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { rehearse } from "../../src/app/rehearsal.ts";
import { type LoadedScenario, loadScenario } from "../../src/sim/scenario/load.ts";

/** How long proxies take to learn of routes and of endpoints. */
const DELAYS_SECONDS = [0, 2, 5, 8, 15, 30, 60];

/** Adoption over slow proxies takes minutes, and the release is to begin after it. */
const ADOPTED_MS = 15 * 60_000;

const STORIES = ["promote", "errors", "blue-green", "ab", "subsets", "own-virtual-service"];

describe("no request of a run meets a missing host, an empty subset or a pod that is gone or unready", () => {
  const cases = STORIES.flatMap((story) => DELAYS_SECONDS.map((seconds) => [story, seconds] as const));
  test.each(cases)(
    "%s, with proxies that learn of everything %i s late",
    async (story, seconds) => {
      const loaded = await loadScenario(`examples/${story}/scenario.yaml`, (path) => readFile(path, "utf8"));
      const result = await rehearse({ loaded: withDelay(loaded, seconds * 1_000) });
      expect(result.expectations).toEqual("met");
    },
    120_000,
  );
});

/** The story as it is told, later, and over proxies that lag; what else it promises is for its own test. */
function withDelay(loaded: LoadedScenario, delayMs: number): LoadedScenario {
  const range = { minMs: delayMs, maxMs: delayMs };
  const { timeline, expect: promised } = loaded.scenario;
  const { phase, promotedImage } = promised;
  return {
    ...loaded,
    scenario: {
      ...loaded.scenario,
      meshDelay: { routes: range, endpoints: range },
      timeline: timeline.map(({ atMs, action }) => ({ atMs: atMs + ADOPTED_MS, action })),
      expect: {
        phase,
        promotedImage,
        within: 60 * 60_000,
        requestsToUnready: 0,
        requestsUnserved: 0,
        canaryRequestsAfter: undefined,
      },
    },
  };
}
