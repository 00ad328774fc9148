import type { Draw } from "./draw.ts";
import type { OutlierDetection } from "./istio.ts";
import { timeoutMs } from "./policy.ts";

/** When a proxy stops sending to a pod for a while. Limits of 0 are off. */
export interface OutlierPolicy {
  readonly consecutive5xx: number;
  readonly consecutiveGateway: number;
  /** Failures to connect and timeouts, where they are counted apart; else they are gateway errors. */
  readonly consecutiveLocal: number;
  readonly isSplit: boolean;
  readonly intervalMs: number;
  readonly baseEjectionMs: number;
  /** At most so many of the pods, in percent. */
  readonly maxEjectionPercent: number;
  /** With fewer healthy pods than this, in percent, all are used. */
  readonly minHealthPercent: number;
}

/** As istiod translates it (pilot/pkg/networking/core/cluster_traffic_policy.go), with Envoy's defaults. */
export function outlierPolicy(written: OutlierDetection | undefined): OutlierPolicy | null {
  if (written === undefined) return null;
  const { splitExternalLocalOriginErrors: isSplit = false, maxEjectionPercent = 0 } = written;
  return {
    consecutive5xx: written.consecutive5xxErrors ?? 5,
    // Envoy counts them without acting on them unless it is told to.
    consecutiveGateway: written.consecutiveGatewayErrors ?? 0,
    consecutiveLocal: isSplit ? (written.consecutiveLocalOriginFailures ?? 0) : 0,
    isSplit,
    intervalMs: timeoutMs(written.interval) ?? 10_000,
    baseEjectionMs: timeoutMs(written.baseEjectionTime) ?? 30_000,
    maxEjectionPercent: maxEjectionPercent > 0 ? maxEjectionPercent : 10,
    minHealthPercent: written.minHealthPercent ?? 0,
  };
}

/** How the tries of one batch at one pod ended. */
export interface Outcomes {
  readonly ok: number;
  /** Answers of the application of 500 and above, but for the following. */
  readonly serverErrors: number;
  /** Answers 502, 503 and 504. */
  readonly gatewayErrors: number;
  /** Nobody there, no mutual TLS, or no answer in time. */
  readonly localFailures: number;
}

interface HostState {
  in5xx: number;
  inGateway: number;
  inLocal: number;
  /** null: not ejected. */
  ejectedAt: number | null;
  /** How many times the base time an ejection lasts. */
  backoff: number;
}

const LONGEST_EJECTION_MS = 300_000;

/**
 * One proxy's outlier detection for one cluster (envoy/source/common/upstream/outlier_detection_impl.cc), without its
 * success rates, which istiod turns off.
 */
export class OutlierDetector {
  readonly #hosts = new Map<string, HostState>();
  #nextSweepAt: number;

  constructor(policy: OutlierPolicy, now: number) {
    this.#nextSweepAt = now + policy.intervalMs;
  }

  /** Those of the pods that requests are sent to. */
  usable(policy: OutlierPolicy, pods: readonly string[], now: number): readonly string[] {
    this.#know(pods);
    for (; this.#nextSweepAt <= now; this.#nextSweepAt += policy.intervalMs) this.#sweep(policy);
    const healthy = pods.filter((pod) => (this.#hosts.get(pod)?.ejectedAt ?? null) === null);
    const isPanic = (100 * healthy.length) / Math.max(1, pods.length) < policy.minHealthPercent;
    return isPanic ? pods : healthy;
  }

  /** The order of a batch is not known: it is drawn. */
  report(policy: OutlierPolicy, pod: string, outcomes: Outcomes, draw: Draw, now: number): void {
    const state = this.#hosts.get(pod);
    if (state === undefined) return;
    const kinds = Object.keys(outcomes) as (keyof Outcomes)[];
    const left = kinds.map((kind) => outcomes[kind]);
    for (;;) {
      const total = left.reduce((sum, count) => sum + count, 0);
      if (total === 0) return;
      // A run of one kind needs no draws.
      const index = left.indexOf(total);
      const drawn = index >= 0 ? index : draw.index(left);
      left[drawn] = (left[drawn] ?? 0) - 1;
      this.#count(policy, state, kinds[drawn] ?? "ok", now);
      if (kinds[drawn] === "ok" && index >= 0) return;
    }
  }

  #count(policy: OutlierPolicy, state: HostState, kind: keyof Outcomes, now: number): void {
    if (kind === "localFailures" && policy.isSplit) {
      state.inLocal += 1;
      if (state.inLocal === policy.consecutiveLocal) {
        this.#eject(policy, state, now);
        state.inLocal = 0;
      }
      return;
    }
    state.inLocal = 0;
    if (kind === "ok") {
      state.in5xx = 0;
      state.inGateway = 0;
      return;
    }
    state.inGateway = kind === "serverErrors" ? 0 : state.inGateway + 1;
    if (state.inGateway === policy.consecutiveGateway && policy.consecutiveGateway > 0) {
      this.#eject(policy, state, now);
      state.inGateway = 0;
    }
    state.in5xx += 1;
    if (state.in5xx === policy.consecutive5xx) {
      this.#eject(policy, state, now);
      state.in5xx = 0;
    }
  }

  #eject(policy: OutlierPolicy, state: HostState, now: number): void {
    if (state.ejectedAt !== null) return;
    const ejected = [...this.#hosts.values()].filter(({ ejectedAt }) => ejectedAt !== null).length;
    if ((100 * (ejected + 1)) / this.#hosts.size > policy.maxEjectionPercent) return;
    state.ejectedAt = now;
    const longestMs = Math.max(LONGEST_EJECTION_MS, policy.baseEjectionMs);
    if (state.backoff * policy.baseEjectionMs < longestMs + policy.baseEjectionMs) state.backoff += 1;
  }

  #sweep({ baseEjectionMs }: OutlierPolicy): void {
    const at = this.#nextSweepAt;
    const longestMs = Math.max(LONGEST_EJECTION_MS, baseEjectionMs);
    for (const state of this.#hosts.values()) {
      const lastsMs = Math.min(baseEjectionMs * state.backoff, longestMs);
      if (state.ejectedAt !== null && at - state.ejectedAt >= lastsMs) {
        Object.assign(state, { ejectedAt: null, in5xx: 0, inGateway: 0, inLocal: 0 });
      }
    }
    for (const state of this.#hosts.values()) {
      if (state.ejectedAt === null && state.backoff > 0) state.backoff -= 1;
    }
  }

  #know(pods: readonly string[]): void {
    for (const pod of this.#hosts.keys()) if (!pods.includes(pod)) this.#hosts.delete(pod);
    for (const pod of pods) {
      if (this.#hosts.has(pod)) continue;
      this.#hosts.set(pod, { in5xx: 0, inGateway: 0, inLocal: 0, ejectedAt: null, backoff: 0 });
    }
  }
}
