import { beginJudge, enterPosition, type JudgeState, observeRow } from "../../src/verdict/judge.ts";
import { splitEvidence } from "../../src/verdict/split-test.ts";
import { FAMILIES } from "../bench/verdict/families.ts";
import { DEFAULTS } from "../bench/verdict/run-judge.ts";
import { simulate, type TraceRow } from "../bench/verdict/world.ts";
import { type Chart, drawCharts, type Series } from "./chart.ts";

/** Pictures of how evidence grows, from runs of the accuracy bench. */

const SEED = 11;
const GREEN = "#2b8a3e";
const ORANGE = "#d9730d";
const RED = "#c92a2a";
const BLUE = "#1864ab";

interface Step {
  readonly minute: number;
  readonly row: TraceRow;
  readonly state: JudgeState;
}

function replay(family: string, until: (state: JudgeState) => boolean = () => false): readonly Step[] {
  const found = FAMILIES.find(({ name }) => name === family);
  if (found === undefined) throw new Error(`no family is called ${family}`);
  let state = enterPosition(beginJudge(DEFAULTS), { kind: "step", index: 0, weight: 10, sinceMs: 0 });
  const steps: Step[] = [];
  for (const row of simulate(found.world, SEED)) {
    state = observeRow(state, row);
    steps.push({ minute: row.endMs / 60_000, row, state });
    if (until(state)) break;
  }
  return steps;
}

function errorEvidence({ metrics }: JudgeState): number {
  const [metric] = metrics;
  const evidence = metric?.kind === "success-rate" ? metric.comparison?.evidence.warm : undefined;
  return evidence === undefined || !Number.isFinite(evidence) ? 0 : evidence;
}

function failed({ metrics }: JudgeState): boolean {
  return metrics.some((metric) => metric.failure !== null);
}

function threshold(): number {
  return beginJudge(DEFAULTS).plans[0]?.thresholds.comparison ?? 0;
}

/** Evidence against "the canary is fine" over time, for three runs. */
export function evidencePicture(): string {
  const series = (name: string, colour: string, family: string): Series => ({
    name,
    colour,
    points: replay(family, failed).map(({ minute, state }) => [minute, errorEvidence(state)]),
  });
  return drawCharts([
    {
      title: "Evidence against “the canary is fine” (errors)",
      xLabel: "minutes",
      yLabel: "nats",
      yRange: [-4, 8],
      levels: [
        { name: "rolled back above", y: threshold() },
        { name: "no pass above", y: Math.log(10) },
      ],
      series: [
        series("healthy, 0.1 %", GREEN, "100 rps, 0.1 %"),
        series("healthy, in bursts", ORANGE, "bursts of 1 min, 100 rps"),
        series("0.1 to 1 % after 10 min", RED, "0.1 to 1 % after 10 min, 100 rps"),
      ],
    },
  ]);
}

/** The same bursts seen by a plain test and by one that knows of bursts. */
export function burstPicture(): string {
  const steps = replay("bursts of 1 min, 1000 rps");
  const rate = (arm: TraceRow["canary"]): number => (arm === null ? 0 : (100 * arm.errors) / arm.requests);
  const plain = ({ metrics, plans }: JudgeState): number => {
    const [metric] = metrics;
    const plan = plans[0]?.comparison;
    if (metric?.kind !== "success-rate" || metric.comparison === null || plan == null) return 0;
    return splitEvidence(metric.comparison.warm.split, plan.split)[0] ?? 0;
  };
  const rates: Chart = {
    title: "A healthy release at 1000 requests a second, whose arms have bursts of their own",
    xLabel: "",
    yLabel: "errors, %",
    yRange: [0, 3],
    series: [
      { name: "canary", colour: BLUE, points: steps.map(({ minute, row }) => [minute, rate(row.canary)]) },
      {
        name: "primary",
        colour: "#868e96",
        points: steps.map(({ minute, row }) => [minute, rate(row.primary)]),
      },
    ],
  };
  const evidence: Chart = {
    title: "What a test makes of it",
    xLabel: "minutes",
    yLabel: "nats",
    yRange: [-4, 30],
    levels: [{ name: "rolled back above", y: threshold() }],
    series: [
      { name: "plain test", colour: RED, points: steps.map(({ minute, state }) => [minute, plain(state)]) },
      {
        name: "Sluice",
        colour: GREEN,
        points: steps.map(({ minute, state }) => [minute, errorEvidence(state)]),
      },
    ],
  };
  return drawCharts([rates, evidence]);
}
