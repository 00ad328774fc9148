import type { Rollout } from "../api/rollout.ts";
import type { WebhookSpec } from "../api/spec-gates.ts";

/** One question to somebody outside. */
export interface GateQuestion {
  /** Names it in the payload; its namespace holds the Secrets that the webhook may use. */
  readonly rollout: Pick<Rollout, "metadata">;
  readonly hook: WebhookSpec;
  /** Phase of the canary, in Flagger's words. */
  readonly phase: string;
  /** Names the revision in question; the same for the same revision. */
  readonly checksum: string;
}

/** What came of it. */
export interface GateReply {
  /** `none`: nobody answered, or only somebody on the way did (a proxy, a rate limit): neither yes nor no. */
  readonly result: "yes" | "no" | "none";
  /** For people: `403 "not yet"`, `no answer within 10s`. One line, bounded, without control characters or secrets. */
  readonly text: string;
}

/** Asks somebody outside whether a run may go on. Members keep to the hook's timeout and retries, and bound what they read. */
export interface Gate {
  /** Never rejects: what goes wrong is a reply of `none`. After `signal` aborts it settles soon, with whatever reply. */
  ask(question: GateQuestion, signal: AbortSignal): Promise<GateReply>;
}
