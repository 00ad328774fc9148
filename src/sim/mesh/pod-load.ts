import type { Pod } from "../../kube/kind/workload.ts";
import type { Reader } from "../../kube/reader.ts";
import type { Clock } from "../../lib/clock.ts";
import type { PodUsage } from "../workloads/autoscaler/pod-usage.ts";
import type { GroundTruth, PodGroup } from "./ground-truth.ts";
import { groupOf, serves } from "./pods.ts";

/** What a pod uses without requests, and what each request costs. */
const IDLE_MILLICORES = 5;
const CPU_MS_PER_REQUEST = 5;
const IDLE_BYTES = 64 * 2 ** 20;
const BYTES_PER_RPS = 64 * 2 ** 10;

/** metrics-server's resolution: usage is the mean over so long. */
const WINDOW_MS = 15_000;

export interface PodLoadOptions {
  readonly pods: Reader<Pod>;
  readonly truth: () => GroundTruth;
  readonly clock: Clock;
}

/**
 * What metrics-server would say of a pod: requests to a revision are spread evenly over those of its pods that serve.
 * Mirrored requests cost as much as live ones.
 */
export class PodLoad {
  readonly #options: PodLoadOptions;
  #countedAt = Number.NaN;
  #serving = new Map<string, number>();

  constructor(options: PodLoadOptions) {
    this.#options = options;
  }

  /** null: the pod does not run, or runs too short a time to be measured. */
  usageOf(pod: Pod): PodUsage | null {
    const now = this.#options.clock.now();
    if (!serves(pod)) return null;
    const group = groupOf(pod);
    const filter = { ...group, fromMs: now - WINDOW_MS, toMs: now };
    const requests = this.#options.truth().requestsTo(filter);
    const rps = requests / (WINDOW_MS / 1_000) / Math.max(1, this.#servingIn(group, now));
    return { cpu: IDLE_MILLICORES + rps * CPU_MS_PER_REQUEST, memory: IDLE_BYTES + rps * BYTES_PER_RPS };
  }

  /** Counted once for all pods that are asked for at the same instant. */
  #servingIn(group: PodGroup, now: number): number {
    if (this.#countedAt !== now) {
      this.#countedAt = now;
      this.#serving = new Map();
      for (const pod of this.#options.pods.list()) {
        if (!serves(pod)) continue;
        const key = keyOfGroup(groupOf(pod));
        this.#serving.set(key, (this.#serving.get(key) ?? 0) + 1);
      }
    }
    return this.#serving.get(keyOfGroup(group)) ?? 0;
  }
}

function keyOfGroup({ namespace, workload, hash }: PodGroup): string {
  return `${namespace}/${workload}/${hash}`;
}
