import { EVENT_REASONS, type EventReason, type ToldReason } from "../api/reasons.ts";
import type { Outcome, RunStatus } from "../api/status.ts";
import { roughDuration } from "../lib/duration.ts";
import { parseTime } from "../lib/time.ts";
import type { NotificationDraft } from "./decision.ts";
import type { Draft } from "./draft.ts";
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
    title: `${namespace}/${name}: ${announcement.title}`,
    text: announcement.text,
    ...(announcement.next === undefined ? {} : { next: announcement.next }),
    facts: run === null ? [] : factsOf(draft, run),
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

function factsOf(draft: Draft, run: RunStatus): NotificationDraft["facts"] {
  return [
    { name: "Image", value: imageText(run) },
    { name: "Revision", value: run.revision },
    { name: "Weight", value: shareText(run) },
    { name: "Step", value: stepText(run) },
    { name: "Running for", value: roughDuration(draft.nowMs - parseTime(run.startedAt)) },
  ];
}

function sentence(...parts: readonly (string | undefined)[]): string {
  return parts
    .filter((part) => part !== undefined && part !== "")
    .map((part) => (/[.!?]$/.test(part as string) ? part : `${part}.`))
    .join(" ");
}
