import { styleText } from "node:util";
import type { Rollout } from "../api/rollout.ts";
import type { Condition, RevisionRef, RunStatus, VerdictStatus } from "../api/status.ts";
import type { PodCount, Surroundings } from "../app/cluster-session.ts";
import { imageText } from "../core/announce.ts";
import { splitText } from "../core/split.ts";
import { moment, parseTime } from "../lib/time.ts";
import { approvalLines, gateLines } from "./gates-view.ts";
import { holdLines } from "./hold-view.ts";
import { nextCommandLines } from "./next-commands.ts";
import { podTable } from "./pod-view.ts";
import { evidenceLines, headline, stepLine, storyText, VERDICT_STYLE, weightBars, wrap } from "./run-view.ts";

export interface StatusViewState {
  readonly nowMs: number;
  readonly rollout: Rollout;
  readonly surroundings: Surroundings;
  readonly columns: number;
}

type Now = Pick<StatusViewState, "nowMs" | "columns">;

const EVENTS_SHOWN = 6;

/** All that somebody on call wants to see, from "what is it" down to "what can I do". */
export function statusView({ nowMs, rollout, surroundings, columns }: StatusViewState): readonly string[] {
  const { status } = rollout;
  const run = status?.run;
  const now = { nowMs, columns };
  const message = status?.message ?? "The controller has not looked at it yet. Is it running?";
  const blocks: readonly (readonly string[])[] = [
    [headline(rollout, nowMs)],
    wrap(message, columns - 2).map((line) => `  ${line}`),
    revisionLines(rollout),
    run === undefined ? [] : [stepLine(run), ...holdLines(run, nowMs)],
    weightBars(rollout, barNotes(rollout, surroundings)),
    run === undefined ? [] : podTable(surroundings.canaryPods, columns),
    run === undefined ? [] : [...gateLines(rollout, run, now), ...approvalLines(run.approvals ?? [], now)],
    run === undefined ? [] : judgedLines(run, { nowMs, columns }),
    refusalLines(status?.conditions ?? [], columns),
    preflightLines(status, columns),
    eventLines(surroundings.events, columns),
    nextCommandLines(rollout),
  ];
  return blocks
    .filter((block) => block.length > 0)
    .flatMap((block, index) => (index === 0 ? block : ["", ...block]));
}

function revisionLines({ status }: Rollout): readonly string[] {
  const rejected = status?.rejected;
  return [
    ...revisionLine("releases", status?.run),
    ...revisionLine("serves", status?.promoted ?? status?.run?.previous),
    ...revisionLine("rejected", rejected, rejected === undefined ? "" : `, ${rejected.reason}`),
  ];
}

function revisionLine(word: string, what: RevisionRef | undefined, more = ""): readonly string[] {
  if (what === undefined) return [];
  return [`  ${word.padEnd(9)}${imageText(what)}${styleText("dim", `  revision ${what.revision}${more}`)}`];
}

function barNotes(
  { status }: Rollout,
  { canary, primary, seenWeight }: Surroundings,
): { readonly primary: string; readonly canary: string } {
  const asked = status?.canaryWeight ?? 0;
  const isOther = seenWeight !== null && seenWeight !== asked;
  const split = status?.run?.split;
  const seen = [
    ...(split === undefined ? [] : [`seen: ${splitText(split)}`]),
    ...(isOther ? [`the VirtualService says ${seenWeight} %`] : []),
  ];
  return {
    primary: podText(primary),
    canary: [podText(canary), ...seen].filter((it) => it !== "").join(", "),
  };
}

function podText(pods: PodCount | null): string {
  return pods === null ? "" : `${pods.ready}/${pods.wanted} pods ready`;
}

function judgedLines(run: RunStatus, { nowMs, columns }: Now): readonly string[] {
  const { evidence, verdict, metricsDown } = run;
  const served =
    evidence === undefined
      ? []
      : [
          styleText(
            "dim",
            `  in this step: canary ${armText(evidence.canary)}, primary ${armText(evidence.primary)}`,
          ),
        ];
  const down =
    metricsDown === undefined
      ? []
      : [
          `  ${styleText("red", `no metrics since ${moment(parseTime(metricsDown.since), nowMs)}: ${metricsDown.reason}`)}`,
        ];
  return [
    ...evidenceLines(run, columns),
    ...served,
    ...(verdict === undefined ? [] : verdictLines(verdict, { nowMs, columns })),
    ...down,
  ];
}

function armText({ requests, errors }: { readonly requests: number; readonly errors: number }): string {
  return `${Math.round(requests).toLocaleString("en")} requests, ${Math.round(errors).toLocaleString("en")} failed`;
}

function verdictLines({ result, reason, at }: VerdictStatus, { nowMs, columns }: Now): readonly string[] {
  const [first = "", ...rest] = wrap(`${result} at ${moment(parseTime(at), nowMs)}: ${reason}`, columns - 12);
  return [
    `  verdict  ${styleText(VERDICT_STYLE[result], first)}`,
    ...rest.map((line) => `           ${line}`),
  ];
}

/** Why the spec or the target cannot be carried out, and what the controller tries in vain. */
function refusalLines(conditions: readonly Condition[], columns: number): readonly string[] {
  const refused = conditions.find(({ type, status }) => type === "Accepted" && status === "False");
  const failing = conditions.find(({ reason }) => reason === "PassFailed");
  const texts = [
    ...(refused === undefined ? [] : [`refused: ${refused.message}`]),
    ...(failing === undefined ? [] : [`cannot go on: ${failing.message}`]),
  ];
  return texts.flatMap((text) => wrap(text, columns - 2)).map((line) => `  ${styleText("red", line)}`);
}

/** What a run goes on with; what it does not go on with is why it is paused. */
function preflightLines(status: Rollout["status"], columns: number): readonly string[] {
  const warned = status?.conditions?.find(({ reason }) => reason === "PreflightWarned");
  if (warned === undefined || status?.run === undefined) return [];
  return wrap(`preflight warns: ${warned.message}`, columns - 2).map(
    (line) => `  ${styleText("yellow", line)}`,
  );
}

function eventLines(events: Surroundings["events"], columns: number): readonly string[] {
  if (events === null) return [styleText("dim", "  events cannot be read")];
  return events.slice(-EVENTS_SHOWN).map((event) => storyText(event, columns));
}
