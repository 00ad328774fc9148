import type { ApiRequest, ApiResponse, Transport } from "../../kube/transport.ts";
import type { Clock } from "../../lib/clock.ts";
import type { Prng } from "../../lib/prng.ts";
import type { Line } from "./line.ts";

/** How the way to the API server misbehaves. Rates are shares (0 to 1) of requests, or of watch events. */
export interface NetworkFaults {
  /** Answered with one of `statuses`, without effect. */
  readonly errorRate: number;
  readonly statuses: readonly number[];
  /** Lost on the way there: no answer, no effect. */
  readonly lostRate: number;
  /** The answer to a write is lost: it has its effect. */
  readonly lostAnswerRate: number;
  /** Requests and answers take up to so long, each. */
  readonly latencyMs: number;
  /** Watch events come up to so late: what caches show is so old. */
  readonly watchLagMs: number;
  readonly watchRepeatRate: number;
  /** The watch ends without a word. */
  readonly watchEndRate: number;
  /** The watch stays open and says nothing any more. */
  readonly watchHangRate: number;
  /** The watch ends with 410 Gone. */
  readonly watchGoneRate: number;
}

export const NO_NETWORK_FAULTS: NetworkFaults = {
  errorRate: 0,
  statuses: [],
  lostRate: 0,
  lostAnswerRate: 0,
  latencyMs: 0,
  watchLagMs: 0,
  watchRepeatRate: 0,
  watchEndRate: 0,
  watchHangRate: 0,
  watchGoneRate: 0,
};

export interface ChaosParts {
  readonly inner: Transport;
  readonly clock: Clock;
  readonly prng: Prng;
  /** Can be cut; absent: it holds. */
  readonly line?: Line | undefined;
  /** As they are now. */
  readonly faults: () => NetworkFaults;
  /** Before a request leaves and after its answer has come: where a process may die. */
  readonly onAwait: (request: ApiRequest, when: "before" | "after") => void;
  /** A write has taken effect, just now. */
  readonly onWrite: (request: ApiRequest, response: ApiResponse) => void;
}
