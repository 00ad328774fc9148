import { formatDuration } from "../../lib/duration.ts";
import { type MetCounts, unmetRequests } from "./requests-met.ts";
import type { Expectations } from "./schema.ts";

/** What the world looked like when a scenario was judged; counted by the mesh and read from objects, not from metrics. */
export interface Facts {
  readonly phase: string | null;
  /** Reason and message of the outcome, or of the pause; null when there is nothing to say. */
  readonly reason: string | null;
  /** A run is under way and not paused. */
  readonly isMoving: boolean;
  readonly promotedImages: readonly string[];
  /** Highest weight that a VirtualService gave to the canary, in percent. */
  readonly maxCanaryWeight: number;
  /** Live requests to canary pods since the first run began. */
  readonly canaryRequests: number;
  /** The same since the last run ended and proxies could know of it; null when none has ended. */
  readonly canaryRequestsAfter: number | null;
  readonly userRequests: number;
  readonly userErrors: number;
  /** Clients that the canary had served and the primary served next, while they shared the requests. */
  readonly clientsMovedBack: number;
  readonly requestsToUnready: number;
  /** Live and mirrored ones that met no route, no such host or subset, or one without ready endpoints. */
  readonly requestsUnserved: number;
  /** What was counted for each item of `requests`. */
  readonly requestsMet: readonly MetCounts[];
  /** Calls of webhooks, by path. */
  readonly webhookCalls: ReadonlyMap<string, number>;
  /** Reasons of events about the Rollout. */
  readonly events: ReadonlySet<string>;
}

/** A sentence when it is not met; null when it is, or when nothing is expected. */
type Check = (expected: Expectations, facts: Facts) => string | null;

/** What has to come about: the scenario goes on until it has. */
const GOALS: readonly Check[] = [
  ({ phase }, facts) =>
    phase === undefined || phase === facts.phase
      ? null
      : `phase: ${facts.phase ?? "none"}, expected ${phase}`,
  ({ reason }, facts) =>
    reason === undefined || contains(facts.reason ?? "", reason)
      ? null
      : `reason: ${JSON.stringify(facts.reason ?? "")}, expected it to contain ${JSON.stringify(reason)}`,
  ({ promotedImage }, facts) =>
    promotedImage === undefined || facts.promotedImages.includes(promotedImage)
      ? null
      : `promotedImage: ${facts.promotedImages.join(", ") || "none"}, expected ${promotedImage}`,
  ({ minCanaryWeight = 0 }, facts) =>
    facts.maxCanaryWeight >= minCanaryWeight
      ? null
      : `minCanaryWeight: the canary's weight came to ${facts.maxCanaryWeight}, expected ${minCanaryWeight} at least`,
  ({ webhookCalls = {} }, facts) => {
    const few = Object.entries(webhookCalls).filter(
      ([path, least]) => (facts.webhookCalls.get(path) ?? 0) < least,
    );
    const texts = few.map(
      ([path, least]) => `${path} ${facts.webhookCalls.get(path) ?? 0} times, expected ${least}`,
    );
    return few.length === 0 ? null : `webhookCalls: ${texts.join("; ")}`;
  },
  ({ events = [] }, facts) => {
    const missing = events.filter((reason) => !facts.events.has(reason));
    if (missing.length === 0) return null;
    return `events: ${missing.join(", ")} not seen; seen were ${[...facts.events].join(", ") || "none"}`;
  },
  (expected, facts) =>
    hasGoal(expected) || !facts.isMoving
      ? null
      : `a run is still under way in phase ${facts.phase ?? "none"}`,
];

/** What must not come about: judged at the end. */
const LIMITS: readonly Check[] = [
  ({ maxCanaryWeight }, facts) => atMost("maxCanaryWeight", facts.maxCanaryWeight, maxCanaryWeight),
  ({ canaryRequests }, facts) => atMost("canaryRequests", facts.canaryRequests, canaryRequests),
  ({ canaryRequestsAfter }, facts) => {
    if (canaryRequestsAfter === undefined) return null;
    if (facts.canaryRequestsAfter === null) return "canaryRequestsAfter: no run has ended";
    return atMost("canaryRequestsAfter", facts.canaryRequestsAfter, canaryRequestsAfter);
  },
  ({ clientsMovedBack }, facts) => atMost("clientsMovedBack", facts.clientsMovedBack, clientsMovedBack),
  ({ requestsToUnready }, facts) => atMost("requestsToUnready", facts.requestsToUnready, requestsToUnready),
  ({ requestsUnserved }, facts) => atMost("requestsUnserved", facts.requestsUnserved, requestsUnserved),
  ({ userErrorRateBelow: limit }, { userErrors, userRequests }) => {
    if (limit === undefined) return null;
    const rate = userRequests === 0 ? 0 : userErrors / userRequests;
    if (rate < limit || (rate === 0 && limit === 0)) return null;
    return `userErrorRateBelow: ${userErrors} of ${userRequests} requests failed (${rate.toPrecision(3)}), expected below ${limit}`;
  },
];

export function unmetGoals(expected: Expectations, facts: Facts): string[] {
  return problems(GOALS, expected, facts);
}

/** Everything that is not as expected; `withinMs` is set when goals were not reached in time. */
export function unmet(expected: Expectations, facts: Facts, withinMs: number | null): string[] {
  const late = withinMs === null ? "" : ` (${formatDuration(withinMs)} after the last action)`;
  const goals = unmetGoals(expected, facts).map((problem) => `${problem}${late}`);
  const requests = (expected.requests ?? []).flatMap((each, index) => {
    const met = facts.requestsMet[index];
    return met === undefined ? [] : unmetRequests(each, met);
  });
  return [...goals, ...problems(LIMITS, expected, facts), ...requests];
}

function problems(checks: readonly Check[], expected: Expectations, facts: Facts): string[] {
  return checks.map((check) => check(expected, facts)).filter((problem) => problem !== null);
}

/** Without one a scenario goes on until no run is under way any more. */
function hasGoal({ phase, reason, promotedImage }: Expectations): boolean {
  return phase !== undefined || reason !== undefined || promotedImage !== undefined;
}

function atMost(name: string, actual: number, limit: number | undefined): string | null {
  return limit === undefined || actual <= limit ? null : `${name}: ${actual}, expected ${limit} at most`;
}

/** Letters and digits alone are compared: `success rate`, `success-rate` and `SuccessRate` are the same. */
function contains(text: string, part: string): boolean {
  const bare = (words: string) => words.toLowerCase().replace(/[^\p{L}\p{N}]/gu, "");
  return bare(text).includes(bare(part));
}
