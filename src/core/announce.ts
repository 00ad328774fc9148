import type { EvidenceChart, RunFacts } from "../api/notification.ts";
import { EVENT_REASONS, type EventReason, type ToldReason } from "../api/reasons.ts";
import type { Outcome, RunStatus } from "../api/status.ts";
import type { Draft } from "./draft.ts";
import { chartOf } from "./trail.ts";
import { placeText, shareText, stepText } from "./wording.ts";

/**
 * Tells people of a transition, once as a Kubernetes event and once as a notification, in the same words: what
 * happened, why with numbers, what to do next.
 */
export interface Announcement {
  readonly reason: ToldReason;
  /** What happened, without the Rollout's name. */
  readonly title: string;
  /** Why, with numbers. */
  readonly text: string;
  readonly next?: string;
  /** The metric that it is about, where it is about one. */
  readonly metric?: string | undefined;
  /** Distinguishes transitions of the same reason within a run ("step-2"). */
  readonly transition: string;
}

export function announce(draft: Draft, run: RunStatus | null, announcement: Announcement): void {
  const { namespace = "default", name } = draft.snapshot.rollout.metadata;
  draft.event({
    reason: announcement.reason,
    type: EVENT_REASONS[announcement.reason].type,
    message: sentence(announcement.title, announcement.text, announcement.next),
  });
  draft.notify({
    id: `${run === null ? "rest" : `run-${run.id}`}/${announcement.transition}`,
    reason: announcement.reason,
    severity: EVENT_REASONS[announcement.reason].severity,
    atMs: draft.nowMs,
    title: `${namespace}/${name}: ${announcement.title}`,
    text: announcement.text,
    ...(announcement.next === undefined ? {} : { next: announcement.next }),
    run: run === null ? null : factsOf(run),
    chart: run === null ? null : evidenceChart(draft, run, announcement.metric),
  });
}

/** Only an event: for what people look up, and need not be told. */
export function record(draft: Draft, reason: Exclude<EventReason, ToldReason>, message: string): void {
  draft.event({ reason, type: EVENT_REASONS[reason].type, message });
}

/** How a run that did not make it is told. */
export function announceRollBack(draft: Draft, run: RunStatus, outcome: Outcome): void {
  const { name } = draft.snapshot.rollout.metadata;
  announce(draft, run, {
    reason: "RolledBack",
    title: `${imageText(run)} rolled back ${placeText(run)}`,
    text: sentence(
      outcome.message,
      `All traffic is on ${run.previous === undefined ? "the primary" : imageText(run.previous)}`,
    ),
    next: `Ship a fixed image, or try the same one again: kubectl annotate rollout ${name} sluice.dev/retry="why".`,
    metric: outcome.metric,
    transition: "rolled-back",
  });
}

/** `shop/checkout:v2`, or several joined; `revision 7d9f` when there are none. */
export function imageText(what: { readonly images: readonly string[]; readonly revision: string }): string {
  return what.images.length > 0 ? what.images.map(shortImage).join(", ") : `revision ${what.revision}`;
}

/** The image without its registry's host, and with a digest cut to 12 digits. */
function shortImage(image: string): string {
  return image.replace(/^[^/]*[.:][^/]*\//, "").replace(/@sha256:([0-9a-f]{12})[0-9a-f]*/, "@$1");
}

function factsOf(run: RunStatus): RunFacts {
  const { id, startedAt, revision, weight, threads = {} } = run;
  return {
    id,
    startedAt,
    revision,
    image: imageText(run),
    weight,
    share: shareText(run),
    step: stepText(run),
    threads,
  };
}

function evidenceChart(draft: Draft, run: RunStatus, metric = run.verdict?.metric): EvidenceChart | null {
  if (draft.judge === null) return null;
  const { state, trail } = draft.judge;
  return chartOf(trail, state.settings.metrics, { metric, intervalMs: state.settings.intervalMs });
}

function sentence(...parts: readonly (string | undefined)[]): string {
  return parts
    .filter((part) => part !== undefined && part !== "")
    .map((part) => (/[.!?]$/.test(part as string) ? part : `${part}.`))
    .join(" ");
}
