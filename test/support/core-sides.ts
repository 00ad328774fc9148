import type { Primary, ServiceView, Target } from "../../src/core/snapshot.ts";

/** The target with one revision, and so many ready pods of it. */
export function targetAt(hash: string, replicas: number, ready: number): Target {
  return {
    desiredReplicas: replicas,
    replicas,
    current: { hash, images: [`shop/checkout:${hash}`], readyReplicas: ready },
    revisions: [hash],
    images: [`shop/checkout:${hash}`],
    paused: false,
    notReadyReason: ready < replicas ? `checkout-${hash}-abc: CrashLoopBackOff` : null,
  };
}

/** The primary with a revision whose pods are ready, or none of them. */
export function primaryAt(hash: string, replicas: number, isReady: boolean): Primary {
  return {
    desiredReplicas: replicas,
    readyReplicas: isReady ? replicas : 0,
    isRolledOut: isReady,
    revision: hash,
    images: [`shop/checkout:${hash}`],
    notReadyReason: isReady ? null : `checkout-primary-${hash}-abc: ImagePullBackOff`,
  };
}

/** One that selects `nothing` does not exist. */
export function service(selects: ServiceView["selects"], readyEndpoints: number): ServiceView {
  return { exists: selects !== "nothing", pinnedHash: null, selects, readyEndpoints, inSync: true };
}
