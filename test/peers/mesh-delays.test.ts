import { readFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { rehearse } from "../../src/app/rehearsal.ts";
import type { MeshLag } from "../../src/sim/mesh/lag.ts";
import { type LoadedScenario, loadScenario } from "../../src/sim/scenario/load.ts";

/** How long proxies take to learn of routes and of endpoints. */
const DELAYS_SECONDS = [0, 2, 5, 8, 15, 30, 60];

/** Adoption over slow proxies takes minutes; the release begins after it, and what is counted begins with traffic. */
const TRAFFIC_MS = 14 * 60_000;
const RELEASE_MS = 15 * 60_000;

const STORIES = [
  "promote",
  "errors",
  "blue-green",
  "ab",
  "subsets",
  "own-virtual-service",
  "enterprise-never-canary",
];

describe("no request of a run meets a missing host, an empty subset or a pod that is gone or unready", () => {
  const cases = STORIES.flatMap((story) => DELAYS_SECONDS.map((seconds) => [story, seconds] as const));
  test.each(cases)(
    "%s, with proxies that learn of everything %i s late",
    async (story, seconds) => {
      const delay = evenly(seconds * 1_000);
      expect(await played(story, { routes: delay, endpoints: delay })).toEqual("met");
    },
    120_000,
  );

  test.each(["promote", "subsets"])(
    "%s, with proxies that learn of endpoints later than of routes, by less than --settle",
    async (story) => {
      expect(await played(story, { routes: evenly(500), endpoints: evenly(4_500) })).toEqual("met");
    },
    120_000,
  );
});

function evenly(delayMs: number) {
  return { minMs: delayMs, maxMs: delayMs };
}

async function played(story: string, meshDelay: MeshLag) {
  const loaded = await loadScenario(`examples/${story}/scenario.yaml`, (path) => readFile(path, "utf8"));
  return (await rehearse({ loaded: delayed(loaded, meshDelay) })).expectations;
}

/** The story as it is told, later, and over proxies that lag; what else it promises is for its own test. */
function delayed(loaded: LoadedScenario, meshDelay: MeshLag): LoadedScenario {
  const { scenario } = loaded;
  const { phase, promotedImage } = scenario.expect;
  return {
    ...loaded,
    scenario: {
      ...scenario,
      meshDelay,
      traffic: scenario.traffic.map((entry) => ({
        ...entry,
        rps: 0,
        changes: [{ at: TRAFFIC_MS, rps: entry.rps }],
      })),
      timeline: scenario.timeline.map(({ atMs, action }) => ({ atMs: atMs + RELEASE_MS, action })),
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
