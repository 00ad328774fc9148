import { formatDuration } from "../lib/duration.ts";
import type { Drain } from "./drain.ts";
import { type ArmPair, rowsSince, type SeenRow, type SeenTraffic } from "./seen-traffic.ts";

/** So many of the newest intervals must be free of requests: scrapes lag by up to an interval. */
const QUIET_ROWS = 2;

/** A silence may be chance: it counts when a proxy that still used the old share would be as silent this rarely. */
const CHANCE = 0.001;

/** What telemetry tells of pods that are to go: `over`, no request reaches them any more, as far as anybody can know. */
export type Silence = { readonly kind: "over" | "untold" } | { readonly kind: "busy"; readonly text: string };

export function silenceOf(seen: SeenTraffic | null, drain: Drain): Silence {
  const rows = rowsSince(seen, drain.sinceMs);
  const last = rows.at(-1);
  if (seen === null || last === undefined) return { kind: "untold" };
  if (last.isUnknown) return { kind: "over" };
  const newest = rows.slice(-QUIET_ROWS);
  const late = sum(newest.map((row) => requestsOf(row, drain.arm)));
  const lateBytes = sum(newest.map(({ bytes }) => bytes?.[drain.arm] ?? 0));
  const windowMs = newest.length * seen.intervalMs;
  if (late > 0) return { kind: "busy", text: busyText(late, windowMs) };
  if (lateBytes > 0) return { kind: "busy", text: bytesText(lateBytes, windowMs) };
  if (newest.length < QUIET_ROWS) return { kind: "untold" };
  const firstQuiet = rows.findLastIndex((row) => isUsed(row, drain.arm)) + 1;
  const elsewhere = drain.arm === "canary" ? "primary" : "canary";
  const others = sum(rows.slice(firstQuiet).map((row) => requestsOf(row, elsewhere)));
  return { kind: isProven(others, formerShare(seen, drain)) ? "over" : "untold" };
}

/** Where it has to be seen, it is the least that was seen in an interval; null when nobody was seen. */
function formerShare(seen: SeenTraffic, { arm, share }: Drain): number | null {
  if (typeof share === "number") return share;
  const elsewhere = arm === "canary" ? "primary" : "canary";
  const used = rowsSince(seen, share.seenSinceMs).filter((row) => requestsOf(row, arm) > 0);
  const shares = used.map(
    (row) => requestsOf(row, arm) / (requestsOf(row, arm) + requestsOf(row, elsewhere)),
  );
  return shares.length === 0 ? null : Math.min(...shares);
}

/**
 * Of n requests that proxies with the old share p send, none reaches the pods with probability (1 - p)^n, by the binomial
 * distribution. (For 5 % it takes 135 requests for that to be a matter of one in a thousand.)
 */
function isProven(requests: number, share: number | null): boolean {
  if (share === null) return requests === 0;
  return requests === 0 || share === 0 || (1 - share) ** requests <= CHANCE;
}

/** Whoever tells more: a pod whose proxy is not scraped any more shows at its callers alone. */
function requestsOf(row: SeenRow, arm: keyof ArmPair): number {
  return Math.max(row.arrived[arm], row.sent?.[arm] ?? 0);
}

/** A connection that stays open is not opened again, and is seen by what goes over it. */
function isUsed(row: SeenRow, arm: keyof ArmPair): boolean {
  return requestsOf(row, arm) > 0 || (row.bytes?.[arm] ?? 0) > 0;
}

function bytesText(bytes: number, windowMs: number): string {
  return `${Math.round(bytes).toLocaleString("en")} bytes went over open connections in the last ${formatDuration(windowMs)}`;
}

function busyText(requests: number, windowMs: number): string {
  return `${Math.round(requests).toLocaleString("en")} requests arrived there in the last ${formatDuration(windowMs)}`;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
