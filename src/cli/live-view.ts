import type { Rollout } from "../api/rollout.ts";
import {
  evidenceLines,
  headline,
  type StoryLine,
  stepLine,
  storyText,
  weightBars,
  wrap,
} from "./run-view.ts";

export interface LiveViewState {
  readonly nowMs: number;
  readonly rollout: Rollout | null;
  /** Oldest first. */
  readonly story: readonly StoryLine[];
  /** Requests a second that users send, and the share of them that failed of late (0 to 1). */
  readonly traffic: { readonly rps: number; readonly errorRatio: number } | null;
  readonly columns: number;
}

/** The whole screen of the playground, line by line, each at most `columns` wide. */
export function liveView(state: LiveViewState): readonly string[] {
  const { rollout } = state;
  if (rollout === null) return ["The cluster is coming up ..."];
  const run = rollout.status?.run;
  return [
    headline(rollout, state.nowMs),
    "",
    ...(run === undefined ? [] : [stepLine(run), ""]),
    ...weightBars(rollout, { primary: trafficText(state.traffic), canary: "" }),
    "",
    ...(run === undefined ? [] : evidenceLines(run, state.columns)),
    ...wrap(rollout.status?.message ?? "", state.columns - 2).map((line) => `  ${line}`),
    "",
    ...state.story.slice(-STORY_LINES).map((line) => storyText(line, state.columns)),
  ];
}

const STORY_LINES = 10;

function trafficText(traffic: LiveViewState["traffic"]): string {
  if (traffic === null) return "";
  return `${traffic.rps.toFixed(0)} requests/s, ${(traffic.errorRatio * 100).toFixed(2)} % of them failed`;
}
