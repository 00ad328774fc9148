/** How pods of an image behave in the embedded cluster. Durations in milliseconds. */
export interface ImageBehaviour {
  /** Share of requests answered with 500: 0 to 1. */
  readonly errorRate: number;
  /** Log-normal through these two points. */
  readonly latency: { readonly p50Ms: number; readonly p99Ms: number };
  /** From scheduled to ready. */
  readonly startTimeMs: number;
  /** How long a deleted pod goes on serving before it is gone (at most its terminationGracePeriodSeconds). */
  readonly stopTimeMs: number;
  /** The container exits this long after it started, again and again (CrashLoopBackOff); null: never. */
  readonly crashAfterMs: number | null;
  /** The image cannot be pulled: pods stay in ImagePullBackOff. */
  readonly pullError: boolean;
  /** Pods start but never become ready. */
  readonly neverReady: boolean;
  /** Status of failed requests; 500 when absent. */
  readonly errorStatus?: number;
  /** From so long after its container started a pod behaves differently. */
  readonly degradeAfter?: {
    readonly afterMs: number;
    readonly errorRate?: number;
    readonly latency?: ImageBehaviour["latency"];
  };
}

/** Whose behaviour is asked for, where pods of one image differ. */
export interface PodIdentity {
  readonly uid: string;
  /** uid of the ReplicaSet (or other owner): pods are numbered within it. */
  readonly owner: string;
}

/**
 * Looks up how an image behaves; every image has an answer (a healthy default for unknown ones). With a pod it answers
 * for that pod, else for the image in general.
 */
export type ImageBook = (image: string, pod?: PodIdentity) => ImageBehaviour;

/** What callers see of a pod whose container has run for `runningMs`. */
export function servingBehaviour(
  behaviour: ImageBehaviour,
  runningMs: number,
): Pick<ImageBehaviour, "errorRate" | "latency"> {
  const { degradeAfter, errorRate, latency } = behaviour;
  if (degradeAfter === undefined || runningMs < degradeAfter.afterMs) return { errorRate, latency };
  return { errorRate: degradeAfter.errorRate ?? errorRate, latency: degradeAfter.latency ?? latency };
}

export const HEALTHY_IMAGE: ImageBehaviour = {
  errorRate: 0,
  latency: { p50Ms: 20, p99Ms: 100 },
  startTimeMs: 2_000,
  stopTimeMs: 5_000,
  crashAfterMs: null,
  pullError: false,
  neverReady: false,
};
