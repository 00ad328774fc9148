import type { ImageBehaviour } from "../../sim/image.ts";

/** How versions of every image behave; v1 is what is there first. What a version says it is, it is for good. */
export const VERSIONS: Readonly<Record<string, Partial<ImageBehaviour>>> = {
  v1: {},
  v2: {},
  v3: { startTimeMs: 6_000 },
  errors: { errorRate: 0.4 },
  slow: { latency: { p50Ms: 2_000, p99Ms: 6_000 } },
  crash: { crashAfterMs: 1_000 },
  unready: { neverReady: true },
  unpullable: { pullError: true },
};

export const HEALTHY_VERSION = "v2";

/** Versions that no evidence can speak for. */
const BAD = new Set(["errors", "slow", "crash", "unready", "unpullable"]);

export function imageOf(rollout: string, version: string): string {
  return `shop/${rollout}:${version}`;
}

export function isBadImage(image: string): boolean {
  return BAD.has(image.split(":")[1] ?? "");
}
