import type { Lease } from "./kind/cluster.ts";
import type { ObjectKey } from "./object.ts";

/** metav1.MicroTime: exactly six fractional digits, or the server refuses it. */
export function microTime(timeMs: number): string {
  return `${new Date(timeMs).toISOString().slice(0, 23)}000Z`;
}

export interface Claim {
  readonly identity: string;
  readonly durationMs: number;
  readonly nowMs: number;
}

/** `transitions`: how often such a Lease has changed hands, as far as known. */
export function newLease(key: ObjectKey, claim: Claim, transitions = 0): Lease {
  const metadata = { name: key.name, ...(key.namespace === undefined ? {} : { namespace: key.namespace }) };
  const spec = { ...holding(claim), acquireTime: microTime(claim.nowMs), leaseTransitions: transitions };
  return { apiVersion: "coordination.k8s.io/v1", kind: "Lease", metadata, spec };
}

/** The Lease in the hands of a new holder; every change of hands counts one transition. */
export function taken(lease: Lease, claim: Claim): Lease {
  const transitions = (lease.spec?.leaseTransitions ?? 0) + 1;
  const spec = { ...holding(claim), acquireTime: microTime(claim.nowMs), leaseTransitions: transitions };
  return { ...lease, spec: { ...lease.spec, ...spec } };
}

export function renewed(lease: Lease, claim: Claim): Lease {
  return { ...lease, spec: { ...lease.spec, ...holding(claim) } };
}

/** Free for the next at once. */
export function released(lease: Lease, nowMs: number): Lease {
  const spec = { ...lease.spec, holderIdentity: "", leaseDurationSeconds: 1, renewTime: microTime(nowMs) };
  return { ...lease, spec };
}

export function holderOf(lease: Lease | null): string {
  return lease?.spec?.holderIdentity ?? "";
}

function holding(claim: Claim) {
  return {
    holderIdentity: claim.identity,
    leaseDurationSeconds: Math.ceil(claim.durationMs / 1_000),
    renewTime: microTime(claim.nowMs),
  };
}
