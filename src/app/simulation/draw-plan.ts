import { COMMANDS } from "../../api/command.ts";
import { Prng } from "../../lib/prng.ts";
import { drawCuts, drawFaults } from "./draw-faults.ts";
import { GATES_URL } from "./gate-keeper.ts";
import { hasOwnRoutes, withOwnRoutes } from "./manifests.ts";
import { DELETABLES, FEW_RPS, type Move, type Plan, type PlannedRollout } from "./plan.ts";
import { hasSubsets, withSubsets } from "./subsets.ts";
import { TESTERS } from "./testers.ts";
import { HEALTHY_VERSION, imageOf, VERSIONS } from "./versions.ts";

/** Moves end here, and faults a little later: what follows is for coming to rest. */
const MOVES_END_MS = 150_000;
/** Adoption takes about so long; earlier moves meet it half done. */
const ADOPTED_MS = 25_000;

/** The whole plan of a seed. The same seed gives the same plan. */
export function drawPlan(seed: number): Plan {
  const prng = new Prng(seed);
  const worldPrng = prng.fork();
  const movePrng = prng.fork();
  const faultPrng = prng.fork();
  const strategyPrng = prng.fork();
  const gatePrng = prng.fork();
  const subsetPrng = prng.fork();
  const pausePrng = prng.fork();
  const slipPrng = prng.fork();
  const ownPrng = prng.fork();
  const cutPrng = prng.fork();
  const drawn = Array.from({ length: worldPrng.pick([1, 1, 1, 2, 3]) }, (_, index) =>
    withGates(gatePrng, withStrategy(strategyPrng, drawRollout(worldPrng, `app-${index}`))),
  );
  // In some runs people do little, so that what faults alone do can be told (oracle.ts).
  const isCalm = movePrng.chance(0.4);
  const drawnFaults = drawFaults(faultPrng, MOVES_END_MS);
  // They name the apex Service: a tool that sets its selector back, whatever its annotations say, sends requests past any
  // controller.
  const mayOwnRoutes = drawnFaults.gitOpsEveryMs === 0;
  const ownsRoutes = () => mayOwnRoutes && (isCalm ? strategyPrng.chance(0.3) : ownPrng.chance(0.2));
  const rollouts = drawn
    .map((rollout) => (ownsRoutes() ? withOwnRoutes(rollout) : rollout))
    .map((rollout) => (subsetPrng.chance(0.25) ? withSubsets(rollout) : rollout));
  const moves = rollouts.flatMap((rollout) =>
    isCalm
      ? [firstBump(movePrng, rollout)]
      : [
          ...drawMoves(movePrng, rollout),
          ...drawPausedAbort(pausePrng, rollout),
          ...drawSlip(slipPrng, rollout),
        ],
  );
  const { endMs } = drawnFaults;
  const cuts = drawCuts(cutPrng, { endMs, rollouts: rollouts.map(({ name }) => name), isCalm });
  return {
    seed,
    isCalm,
    rollouts,
    images: Object.fromEntries(
      rollouts.flatMap(({ name }) =>
        Object.entries(VERSIONS).map(([version, differs]) => [
          imageOf(name, version),
          { differs, perPod: [] },
        ]),
      ),
    ),
    moves: moves.filter((move) => canBeMended(move, rollouts)).toSorted((a, b) => a.atMs - b.atMs),
    faults: { ...drawnFaults, cuts },
  };
}

/** The host of subsets is the user's, and routes may be: when they are gone, nothing but the user can make them again. */
function canBeMended(move: Move, rollouts: readonly PlannedRollout[]): boolean {
  const rollout = rollouts.find(({ name }) => name === move.rollout);
  if (move.kind !== "delete" || rollout === undefined) return true;
  if (move.what === "apexService") return !hasSubsets(rollout);
  return move.what !== "virtualService" || !hasOwnRoutes(rollout);
}

function drawRollout(prng: Prng, name: string): PlannedRollout {
  const weights = prng.pick([[50], [10, 50], [5, 25, 60], [100], [20, 40, 80]]);
  const isApproved = prng.chance(0.1);
  return {
    name,
    replicas: prng.integer(1, 3),
    rps: prng.pick([20, 40, 80, 20, 40, 80, 20, 40, 80, FEW_RPS]),
    testersRps: 0,
    spec: {
      targetRef: { kind: "Deployment", name },
      service: { port: 80, targetPort: "http" },
      traffic: { istio: {} },
      ...(prng.chance(0.2) ? { shadow: { percent: 100, duration: "10s" } } : {}),
      ...(prng.chance(0.05) ? { skipAnalysis: true } : {}),
      steps: weights.map((weight, index) => ({
        weight,
        hold: prng.pick(["5s", "10s", "15s"]),
        ...(isApproved && index === weights.length - 1 ? { approval: "required" } : {}),
      })),
      analysis: {
        interval: "5s",
        warmup: "5s",
        minRequests: MIN_REQUESTS,
        metrics: [
          { name: "success-rate", min: 90, baseline: {} },
          { name: "latency", percentile: 90, max: "1s" },
        ],
        onInconclusive: prng.pick(["pause", "rollback"]),
      },
      progressDeadline: "3m",
    },
  };
}

/** Some release by match instead of by weight, or reserve requests for a side. */
function withStrategy(prng: Prng, rollout: PlannedRollout): PlannedRollout {
  const { steps, ...rest } = rollout.spec;
  const duration = prng.pick(["10s", "20s"]);
  const testers = { ...rollout, testersRps: 10 };
  switch (prng.pick(["weights", "weights", "kept", "testers", "ab", "blueGreen"])) {
    case "testers":
      return { ...testers, spec: { ...rest, steps, traffic: { istio: { canaryMatch: TESTERS } } } };
    case "kept":
      return { ...testers, spec: { ...rest, steps, traffic: { istio: { primaryMatch: TESTERS } } } };
    case "ab":
      return { ...testers, spec: { ...rest, ab: { match: TESTERS, duration } } };
    case "blueGreen":
      return { ...testers, spec: { ...rest, blueGreen: { previewMatch: TESTERS, duration } } };
    default:
      return rollout;
  }
}

const GATES = [
  { name: "board", type: "confirm-rollout" },
  { name: "smoke", type: "pre-rollout", threshold: 3 },
  { name: "load", type: "rollout" },
  { name: "risk", type: "confirm-traffic-increase" },
  { name: "qa", type: "confirm-promotion", maxWait: "1m" },
  { name: "on-call", type: "rollback" },
  { name: "after", type: "post-rollout" },
  { name: "bus", type: "event" },
];

/** One in five asks others on its way. */
function withGates(prng: Prng, rollout: PlannedRollout): PlannedRollout {
  if (!prng.chance(0.2)) return rollout;
  const webhooks = GATES.filter(() => prng.chance(0.4)).map((gate) => ({
    ...gate,
    url: `${GATES_URL}/${gate.type}`,
    ...(gate.type === "event" ? {} : { interval: "5s" }),
    onTimeout: prng.pick(["pause", "rollback"]),
  }));
  return { ...rollout, spec: { ...rollout.spec, webhooks } };
}

/** Of every drawn Rollout. */
export const MIN_REQUESTS = 20;

function firstBump(prng: Prng, { name }: PlannedRollout): Move {
  return { atMs: ADOPTED_MS, rollout: name, kind: "image", image: imageOf(name, drawVersion(prng)) };
}

/** Half of all new versions are good. */
function drawVersion(prng: Prng): string {
  return prng.chance(0.5) ? HEALTHY_VERSION : prng.pick(Object.keys(VERSIONS));
}

function drawMoves(prng: Prng, rollout: PlannedRollout): readonly Move[] {
  const count = prng.integer(2, 7);
  const others = Array.from({ length: count }, () => drawMove(prng, rollout))
    .flat()
    .map((move) => (prng.chance(0.3) ? { ...move, atMs: ADOPTED_MS, onceIn: prng.pick(STAGES) } : move));
  return [firstBump(prng, rollout), ...others];
}

function drawMove(prng: Prng, { name }: PlannedRollout): readonly Move[] {
  const at = { atMs: prng.integer(5_000, MOVES_END_MS), rollout: name };
  const kind = prng.pick(MOVE_KINDS);
  switch (kind) {
    case "image":
      return [{ ...at, kind, image: imageOf(name, drawVersion(prng)) }];
    case "revert":
      return [{ ...at, kind: "image", image: imageOf(name, "v1") }];
    case "command":
      return [{ ...at, kind, command: prng.pick(COMMANDS) }];
    case "scale":
      return [{ ...at, kind, replicas: prng.integer(1, 4) }];
    case "suspend":
      return [
        { ...at, kind, value: true },
        { ...at, atMs: at.atMs + prng.integer(1_000, 40_000), kind, value: false },
      ];
    case "editHolds":
      return [{ ...at, kind, hold: prng.pick(["5s", "20s"]) }];
    case "losePods":
      return [{ ...at, kind, side: prng.pick(["target", "primary"]) }];
    case "autoscale":
      return [{ ...at, kind, side: prng.pick(["target", "primary"]), min: prng.integer(1, 2), max: 4 }];
    case "delete":
      return drawDeletion(prng, at);
  }
}

/** A run that stands still, and an abort that meets it there: two commands that chance alone hardly ever pairs. */
function drawPausedAbort(prng: Prng, { name }: PlannedRollout): readonly Move[] {
  if (!prng.chance(0.1)) return [];
  const inStep = { rollout: name, kind: "command", onceIn: "Step" } as const;
  const abortMs = ADOPTED_MS + prng.integer(20_000, 60_000);
  return [
    { ...inStep, atMs: ADOPTED_MS, command: "pause" },
    { ...inStep, atMs: abortMs, command: "abort" },
  ];
}

/** What people do without thinking of Sluice: a spec that cannot be carried out, `kubectl delete -f` of a whole directory. */
function drawSlip(prng: Prng, rollout: PlannedRollout): readonly Move[] {
  const { name } = rollout;
  const at = { atMs: prng.integer(ADOPTED_MS, MOVES_END_MS - SLIP_MS), rollout: name };
  const later = { ...at, atMs: at.atMs + prng.integer(500, SLIP_MS) };
  const remove = (what: "target" | "primary" | "rollout"): Move => ({ ...at, kind: "delete", what });
  const misspell: Move = { ...at, kind: "misspell", isRight: false };
  const setRight: Move = { ...later, kind: "misspell", isRight: true };
  switch (prng.pick(SLIPS)) {
    case "none":
      return [];
    case "misspelt":
      return [misspell, setRight];
    case "misspeltPrimaryGone":
      return [misspell, remove("primary"), setRight];
    case "misspeltGone":
      return [misspell, { ...later, kind: "delete", what: "rollout" }];
    case "replaced":
      return [
        { ...at, kind: "replace" },
        { ...later, kind: "delete", what: "rollout" },
      ];
    case "allGone":
      return prng.chance(0.5) ? [remove("target"), remove("rollout")] : [remove("rollout"), remove("target")];
    case "allGoneAndBack":
      return [remove("target"), remove("rollout"), { ...later, kind: "recreate", what: "target" }];
  }
}

/** So long a slip may go unnoticed. */
const SLIP_MS = 40_000;

const SLIPS = [
  ...Array.from({ length: 15 }, () => "none" as const),
  "misspelt",
  "misspeltPrimaryGone",
  "misspeltGone",
  "replaced",
  "allGone",
  "allGoneAndBack",
] as const;

function drawDeletion(prng: Prng, at: { readonly atMs: number; readonly rollout: string }): readonly Move[] {
  const what = prng.pick(DELETABLES);
  const deletion: Move = { ...at, kind: "delete", what };
  if ((what !== "target" && what !== "rollout") || prng.chance(0.3)) return [deletion];
  return [deletion, { ...at, atMs: at.atMs + prng.integer(500, 40_000), kind: "recreate", what }];
}

const STAGES = [
  "Starting",
  "Step",
  "Step",
  "Shifting",
  "Promoting",
  "Promoting",
  "Finalising",
  "RollingBack",
] as const;

const MOVE_KINDS = [
  "image",
  "image",
  "image",
  "revert",
  "command",
  "command",
  "command",
  "scale",
  "suspend",
  "editHolds",
  "losePods",
  "autoscale",
  "delete",
] as const;
