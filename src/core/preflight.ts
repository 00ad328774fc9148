import { type Finding, findingText, type PreflightReport } from "../api/preflight.ts";
import type { ConditionReason } from "../api/reasons.ts";
import type { RunStatus } from "../api/status.ts";
import { plural, shorten } from "../lib/text.ts";
import { isoTime } from "../lib/time.ts";
import type { Draft } from "./draft.ts";
import { keepPaused, tellResumed } from "./pausing.ts";
import { withPrimarysPast } from "./primary-past.ts";

/** Findings that a text names one by one, and characters of a text. */
const SHOWN = 5;
const TEXT_MAX = 3_000;

/** Everything that was found before the run touches traffic; null: it was not looked for. */
function findingsOf({ snapshot, seen, status }: Draft): PreflightReport | null {
  const { preflight } = snapshot;
  if (preflight === null || status.run === undefined) return preflight;
  return withPrimarysPast(preflight, { snapshot, seen }, status.run);
}

/** What is around the run would send requests to errors: it waits at weight 0 until that is mended. */
export function isHeldByPreflight(draft: Draft, run: RunStatus): boolean {
  const blocking = findingsOf(draft)?.findings.filter(({ severity }) => severity === "blocks") ?? [];
  const isPaused = run.pause?.kind === "PreflightBlocked";
  if (blocking.length > 0) {
    const reason = textOf(blocking);
    keepPaused(draft, run, { kind: "PreflightBlocked", reason });
    const { run: paused = run } = draft.status;
    if (paused.pause !== undefined && paused.pause.reason !== reason)
      draft.patchRun(paused, { pause: { ...paused.pause, reason } });
    return true;
  }
  if (!isPaused) return false;
  const next = draft.patchRun(run, { pause: undefined, stageSince: isoTime(draft.nowMs) });
  tellResumed(draft, next, "What preflight had found is mended, or to be ignored.");
  draft.lookAgainAfter(0);
  return true;
}

interface PreflightClaim {
  readonly status: "True" | "False";
  readonly reason: ConditionReason;
  readonly message: string;
}

/** As a condition says it; null: it was not looked for in this pass, and what the condition says stays. */
export function preflightClaim(draft: Draft): PreflightClaim | null {
  const report = findingsOf(draft);
  if (report === null) return null;
  const { findings, unseen } = report;
  const rest = unseen.length === 0 ? "" : ` Not looked at: ${unseen.join("; ")}.`;
  const message = shorten(
    `${findings.length === 0 ? "Nothing was found." : textOf(findings)}${rest}`,
    TEXT_MAX,
  );
  if (findings.length === 0) return { status: "True", reason: "PreflightPassed", message };
  const isBlocked = findings.some(({ severity }) => severity === "blocks");
  return isBlocked
    ? { status: "False", reason: "PreflightBlocked", message }
    : { status: "True", reason: "PreflightWarned", message };
}

/** `sidecar: Deployment shop/checkout has 3 canary pods without ...` */
function textOf(findings: readonly Finding[]): string {
  const texts = findings.slice(0, SHOWN).map((finding) => `${finding.check}: ${findingText(finding)}`);
  const more = findings.length - texts.length;
  return shorten(
    [...texts, ...(more > 0 ? [`And ${plural(more, "finding")} more.`] : [])].join(" "),
    TEXT_MAX,
  );
}
