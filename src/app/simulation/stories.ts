import { noFaults } from "./draw-faults.ts";
import { MIN_REQUESTS } from "./draw-plan.ts";
import type { Move, Plan } from "./plan.ts";
import { CANARY_SUBSET, PRIMARY_SUBSET } from "./subsets.ts";
import { TESTERS } from "./testers.ts";
import { imageOf, VERSIONS } from "./versions.ts";

const NAME = "app-0";

type MoveOf<M> = M extends { readonly rollout: string } ? Omit<M, "rollout"> : never;

/** A move of the only Rollout. */
type StoryMove = MoveOf<Move>;

const TESTERS_RPS = 10;

const SUBSETS = { name: NAME, primarySubset: PRIMARY_SUBSET, canarySubset: CANARY_SUBSET };
const OWN = [{ name: NAME, routes: ["main"] }];

const STEPS = [
  { weight: 25, hold: "10s" },
  { weight: 50, hold: "10s" },
];

const DELETED_IN_A_RUN: readonly StoryMove[] = [
  { atMs: 30_000, kind: "image", image: imageOf(NAME, "v2") },
  { atMs: 50_000, kind: "delete", what: "rollout" },
];

/** Short runs that between them go through every stage: what is done to them is that the controller dies. */
export const STORIES: Readonly<Record<string, Plan>> = {
  promote: story([{ atMs: 30_000, kind: "image", image: imageOf(NAME, "v2") }]),
  shadow: story([{ atMs: 30_000, kind: "image", image: imageOf(NAME, "v2") }], {
    shadow: { percent: 100, duration: "10s" },
  }),
  ab: story([{ atMs: 30_000, kind: "image", image: imageOf(NAME, "v2") }], {
    ab: { match: TESTERS, duration: "10s" },
  }),
  "blue-green": story([{ atMs: 30_000, kind: "image", image: imageOf(NAME, "v2") }], {
    blueGreen: { previewMatch: TESTERS, duration: "10s" },
  }),
  kept: story(
    [{ atMs: 30_000, kind: "image", image: imageOf(NAME, "v2") }],
    { traffic: { istio: { primaryMatch: TESTERS } } },
    TESTERS_RPS,
  ),
  subsets: story([{ atMs: 30_000, kind: "image", image: imageOf(NAME, "v2") }], {
    traffic: { istio: { virtualServices: OWN, destinationRule: SUBSETS } },
  }),
  rollback: story([{ atMs: 30_000, kind: "image", image: imageOf(NAME, "errors") }]),
  deadline: story([{ atMs: 30_000, kind: "image", image: imageOf(NAME, "unready") }], {
    progressDeadline: "20s",
  }),
  abort: story([
    { atMs: 30_000, kind: "image", image: imageOf(NAME, "v2") },
    { atMs: 50_000, kind: "command", command: "abort" },
  ]),
  retry: story([
    { atMs: 30_000, kind: "image", image: imageOf(NAME, "v2") },
    { atMs: 45_000, kind: "command", command: "abort" },
    { atMs: 70_000, kind: "command", command: "retry" },
  ]),
  overtaken: story([
    { atMs: 30_000, kind: "image", image: imageOf(NAME, "v2") },
    { atMs: 50_000, kind: "image", image: imageOf(NAME, "v3") },
  ]),
  reverted: story([
    { atMs: 30_000, kind: "image", image: imageOf(NAME, "v2") },
    { atMs: 50_000, kind: "image", image: imageOf(NAME, "v1") },
  ]),
  deleted: story(DELETED_IN_A_RUN),
  "deleted-own": story(DELETED_IN_A_RUN, { traffic: { istio: { virtualServices: OWN } } }),
  "deleted-subsets": story(DELETED_IN_A_RUN, { traffic: { istio: { destinationRule: SUBSETS } } }),
  "deleted-misspelt": story([
    { atMs: 30_000, kind: "misspell", isRight: false },
    { atMs: 40_000, kind: "delete", what: "rollout" },
  ]),
  "deleted-with-target": story(
    [
      { atMs: 30_000, kind: "image", image: imageOf(NAME, "v2") },
      { atMs: 50_000, kind: "delete", what: "target" },
      { atMs: 50_000, kind: "delete", what: "rollout" },
    ],
    { traffic: { istio: { destinationRule: SUBSETS } } },
  ),
};

function story(
  moves: readonly StoryMove[],
  spec: Readonly<Record<string, unknown>> = {},
  testersRps = 0,
): Plan {
  const isByMatch = "ab" in spec || "blueGreen" in spec;
  return {
    seed: 1,
    isCalm: false,
    rollouts: [
      {
        name: NAME,
        replicas: 2,
        rps: 40,
        testersRps: isByMatch ? TESTERS_RPS : testersRps,
        spec: {
          targetRef: { kind: "Deployment", name: NAME },
          service: { port: 80, targetPort: "http" },
          traffic: { istio: {} },
          ...(isByMatch ? {} : { steps: STEPS }),
          analysis: {
            interval: "5s",
            warmup: "0s",
            minRequests: MIN_REQUESTS,
            metrics: [{ name: "success-rate", min: 90, baseline: {} }],
          },
          progressDeadline: "3m",
          ...spec,
        },
      },
    ],
    images: Object.fromEntries(
      Object.entries(VERSIONS).map(([version, differs]) => [imageOf(NAME, version), { differs, perPod: [] }]),
    ),
    moves: moves.map((move) => ({ ...move, rollout: NAME })),
    faults: { ...noFaults(90_000), awayMs: 1_000 },
  };
}
