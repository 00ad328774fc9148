import type { Cluster } from "./clusters.ts";
import type { Draw } from "./draw.ts";
import { type Outcomes, OutlierDetector } from "./outlier.ts";
import type { MeshPod } from "./pods.ts";
import type { Reply } from "./serve.ts";

const NOTHING: Outcomes = { ok: 0, serverErrors: 0, gatewayErrors: 0, localFailures: 0 };

/** Clusters that a proxy has watched; more than this are those of a route that changes for ever. */
const LIMIT = 1_000;

/** One proxy's outlier detection: a detector for each cluster that asks for it. */
export class Outliers {
  readonly #detectors = new Map<string, OutlierDetector>();

  /** Those pods of a cluster that requests are sent to. */
  usable({ name, endpoints, outlier }: Cluster, now: number): readonly string[] {
    const pods = endpoints.map(({ pod }) => pod);
    if (outlier === null) {
      this.#detectors.delete(name);
      return pods;
    }
    let detector = this.#detectors.get(name);
    if (detector === undefined) {
      if (this.#detectors.size >= LIMIT) this.#detectors.clear();
      detector = new OutlierDetector(outlier, now);
      this.#detectors.set(name, detector);
    }
    return detector.usable(outlier, pods, now);
  }

  /** Nobody answered. */
  failed(cluster: Cluster, pod: string, count: number, draw: Draw, now: number): void {
    this.#report(cluster, pod, { ...NOTHING, localFailures: count }, draw, now);
  }

  answered(cluster: Cluster, pod: MeshPod, replies: readonly Reply[], draw: Draw, now: number): void {
    if (cluster.outlier === null) return;
    const outcomes: Record<keyof Outcomes, number> = { ...NOTHING };
    for (const { end, took } of replies) {
      for (const { count } of took) outcomes[kindOf(end)] += count;
    }
    this.#report(cluster, pod.key, outcomes, draw, now);
  }

  #report({ name, outlier }: Cluster, pod: string, outcomes: Outcomes, draw: Draw, now: number): void {
    if (outlier !== null) this.#detectors.get(name)?.report(outlier, pod, outcomes, draw, now);
  }
}

function kindOf(end: Reply["end"]): keyof Outcomes {
  if (end === "timeout") return "localFailures";
  if (end < 500) return "ok";
  return end >= 502 && end <= 504 ? "gatewayErrors" : "serverErrors";
}
