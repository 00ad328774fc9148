import type { Rollout } from "../api/rollout.ts";
import type { GateStatus, HistoryEntry, MetricStatus, RunStatus } from "../api/status.ts";
import type { SentQuery } from "../app/evidence-queries.ts";
import { imageText } from "../core/announce.ts";
import { splitText } from "../core/split.ts";
import { strategyOf } from "../core/steps.ts";
import { mirroredText, placeText as placeOf } from "../core/wording.ts";
import { roughDuration } from "../lib/duration.ts";

import { plural } from "../lib/text.ts";
import { moment, parseTime } from "../lib/time.ts";
import { approvalText } from "./approval-text.ts";

/** Why the last decision was what it was: paragraphs, each of whole sentences. */
export function explanation(
  rollout: Rollout,
  queries: readonly SentQuery[],
  nowMs: number,
): readonly string[] {
  const run = rollout.status?.run;
  const at: At = (time) => moment(parseTime(time), nowMs);
  const story = run === undefined ? atRest(rollout, at) : duringRun(rollout, run, at);
  return [...story.map(ended), queriesText(rollout, queries)];
}

/** Reasons and messages come with a full stop, or without. */
function ended(paragraph: string): string {
  return /[.!?]$/.test(paragraph) ? paragraph : `${paragraph}.`;
}

/** A time of the status as people read it today. */
type At = (time: string) => string;

function atRest({ metadata, status }: Rollout, at: At): readonly string[] {
  const { promoted, rejected, history = [], message } = status ?? {};
  const [last] = history;
  const serving =
    promoted === undefined
      ? `Nothing has been promoted yet.`
      : `${imageText(promoted)} (revision ${promoted.revision}) serves since ${at(promoted.at)}.`;
  return [
    `Nothing is being released by ${metadata.namespace}/${metadata.name}. ${serving}`,
    ...(last === undefined ? [] : [lastRun(last, at), ...lastReasons(last, at)]),
    ...(rejected === undefined
      ? []
      : [
          `Revision ${rejected.revision} was rejected (${rejected.reason}): it is not tried again until \`retry\` or another image.`,
        ]),
    ...(message === undefined ? [] : [`At present: ${message}`]),
  ];
}

function lastRun(entry: HistoryEntry, at: At): string {
  const took = roughDuration(parseTime(entry.finishedAt) - parseTime(entry.startedAt));
  return `The last run, number ${entry.id}, released ${imageText(entry)} from ${at(entry.startedAt)} for ${took}, ${shareText(entry)}, and ended ${entry.result} (${entry.reason}): ${entry.message}`;
}

/** The verdict with which it ended, where the message does not tell it already, and who let it go on. */
function lastReasons({ verdict, approvals = [], message }: HistoryEntry, at: At): readonly string[] {
  return [
    ...(verdict === undefined || message.includes(verdict.reason)
      ? []
      : [`Its last verdict, at ${at(verdict.at)}, was ${verdict.result}: ${verdict.reason}`]),
    ...approvals.map((approval) => `Approved: ${approvalText(approval, at)}.`),
  ];
}

function shareText({ maxWeight }: HistoryEntry): string {
  return maxWeight > 0
    ? `gave it ${maxWeight} % of requests at most`
    : "gave it no share of requests by weight";
}

function duringRun(rollout: Rollout, run: RunStatus, at: At): readonly string[] {
  const { message } = rollout.status ?? {};
  return [
    `Run ${run.id} releases ${imageText(run)} (revision ${run.revision}) since ${at(run.startedAt)}${run.previous === undefined ? "" : `, in place of ${imageText(run.previous)}`}. ${placeText(run, at)}`,
    verdictText(run, at),
    ...evidenceText(run),
    ...(run.evidence === undefined ? [] : [run.evidence.metrics.map(metricText).map(ended).join("\n")]),
    ...heldText(run, at),
    ...(message === undefined ? [] : [`So: ${message}`]),
  ];
}

function placeText(run: RunStatus, at: At): string {
  const since = at(run.positions.at(-1)?.since ?? run.stageSince);
  switch (run.stage) {
    case "Confirming":
      return "Webhooks are asked whether it may begin; nothing is scaled and it gets no requests.";
    case "Starting":
      return `Its ${run.canaryReplicas} pods are starting since ${since}; it gets no requests yet.`;
    case "Shadow":
      return `Since ${since} it gets copies of ${mirroredText(run)}, whose answers nobody sees.`;
    case "Step":
      return `${stepPlaceText(run, since)}${seenText(run, at)}`;
    case "Shifting":
      return `It has passed and gets all requests since ${since}; the primary takes its template over when none is seen to reach it any more.`;
    case "Promoting":
      return `It has passed; the primary is taking its template over since ${at(run.stageSince)}, and the canary serves meanwhile.`;
    case "Finalising":
      return "The primary serves it; the canary is being scaled down.";
    case "RollingBack":
      return `It is being rolled back since ${at(run.stageSince)}: ${run.outcome?.message ?? "no reason is known"}`;
  }
}

function stepPlaceText(run: RunStatus, since: string): string {
  if (strategyOf(run.spec) === "canary")
    return `It is at step ${run.stepIndex + 1} of ${run.steps} and gets ${run.weight} % of requests since ${since}.`;
  return `Since ${since} it is ${placeOf(run)}: requests that match reach it, all others the primary.`;
}

/** What the metrics say about the weight. */
function seenText({ split }: RunStatus, at: At): string {
  if (split === undefined) return "";
  const seen = ` Callers were seen to send it ${splitText(split)}`;
  if (split.since === undefined) return `${seen}, so the hold has not begun.`;
  return `${seen}; the hold runs since ${at(split.since)}.`;
}

function verdictText({ verdict }: RunStatus, at: At): string {
  if (verdict === undefined) return "There is no verdict on this step yet.";
  const { result, metric, reason } = verdict;
  const by = metric === undefined ? "" : `, decided by ${metric}`;
  return `The last verdict, at ${at(verdict.at)}, was ${result}${by}: ${reason}`;
}

function evidenceText({ evidence }: RunStatus): readonly string[] {
  if (evidence === undefined) return [];
  const { canary, primary } = evidence;
  return [
    `In this step the canary served ${armText(canary)}; the primary, over the same time, ${armText(primary)}.`,
  ];
}

function armText({ requests, errors }: { readonly requests: number; readonly errors: number }): string {
  const share = requests === 0 ? "" : ` (${((100 * errors) / requests).toFixed(2)} %)`;
  return `${grouped(requests)} requests, of which ${grouped(errors)} failed${share}`;
}

function grouped(count: number): string {
  return Math.round(count).toLocaleString("en");
}

function metricText({ name, result, canary, primary, limit, reason, confidence }: MetricStatus): string {
  const compared = primary === undefined ? "" : `, the primary ${primary}`;
  const held = limit === undefined ? "" : `, held against: ${limit}`;
  const sure = confidence === undefined ? "" : ` Confidence that it is worse than allowed: ${confidence}.`;
  return `- ${name}: ${result}. The canary has ${canary ?? "no value yet"}${compared}${held}. ${ended(reason)}${sure}`;
}

/** People and outages that keep it where it is. */
function heldText(run: RunStatus, at: At): readonly string[] {
  const { pause, metricsDown, awaitingApprovalSince, promoteRequested } = run;
  return [
    ...(pause === undefined
      ? []
      : [
          `It is paused since ${at(pause.since)}${pause.by === undefined ? "" : `, by ${pause.by}`}: ${pause.reason}`,
        ]),
    ...(awaitingApprovalSince === undefined
      ? []
      : [`It waits for a person's approval since ${at(awaitingApprovalSince)}.`]),
    ...(metricsDown === undefined
      ? []
      : [`Metrics do not answer since ${at(metricsDown.since)}: ${metricsDown.reason}`]),
    ...(promoteRequested === undefined
      ? []
      : [`${promoteRequested.by} asked at ${at(promoteRequested.at)} to promote it without more evidence.`]),
    ...(run.gates ?? []).filter(({ state }) => state !== "open").map((gate) => gateText(gate, at)),
    ...(run.approvals ?? []).map((approval) => `Approved: ${approvalText(approval, at)}.`),
    ...(run.waived === undefined ? [] : [`Resumed without, so only warning: ${run.waived.join(", ")}.`]),
  ];
}

/** A webhook, or the schedule, and what it said. */
function gateText({ name, type, since, last, answers, isAwaited, approvedBy }: GateStatus, at: At): string {
  if (type === "schedule") return `Since ${at(since)} ${last ?? "the schedule does not allow it"}.`;
  if (approvedBy !== undefined) return `${approvedBy} let it pass without the yes of webhook "${name}".`;
  const said =
    last === undefined ? "has not answered yet" : `answered ${last} (${plural(answers, "answer")} so far)`;
  return `The ${type} webhook "${name}" ${said}, since ${at(since)}${isAwaited === true ? "; the run waits for its yes" : ""}.`;
}

function queriesText({ spec, status }: Rollout, queries: readonly SentQuery[]): string {
  const { interval } = (status?.run?.spec ?? spec).analysis;
  const lines = queries.map(({ title, promql }) => `# ${title}\n${promql}`);
  const when = status?.run === undefined ? "During a run Prometheus" : "Prometheus";
  return `${when} is asked, one value every ${interval} (those for requests and latency may be joined with other Rollouts'):\n\n${lines.join("\n\n")}`;
}
