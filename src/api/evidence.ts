/**
 * What one arm was seen to do within one interval: increments, not totals. Counts are whole numbers up to what the
 * source can tell (a source may extrapolate, so they need not be integers). On ports that are not HTTP a request is a
 * connection that was opened, and an error one that did not come about.
 */
export interface ArmCounts {
  readonly requests: number;
  /** Responses with status 5xx, and requests that got no response. At most `requests`. */
  readonly errors: number;
  /**
   * Cumulative histogram of response times: upper bound in milliseconds ("25", "+Inf") to the number of requests at
   * or below it. Null where the source has no histogram.
   */
  readonly latencyMs: Readonly<Record<string, number>> | null;
}

/** Values of one metric with a query of its own, at the end of the interval. */
export interface OwnMetricSample {
  readonly canary: number | null;
  /** Asked for only where the metric has a baseline. */
  readonly primary: number | null;
  /** Why a value is null, as a sentence: "no data", "3 series, want one", "HTTP 503". */
  readonly error?: string;
}

/** Live requests that callers' proxies say they sent to each arm. Mirrored ones are not among them. */
export interface SentCounts {
  readonly canary: number;
  readonly primary: number;
}

/** Bytes that went over connections of each arm, both ways: what is left to see of connections that stay open. */
export interface CarriedBytes {
  readonly canary: number;
  readonly primary: number;
}

/** One interval of evidence. A null arm: the source gave nothing for it; `error` may say why. */
export interface EvidenceRow {
  /** End of the interval, milliseconds since the epoch. */
  readonly endMs: number;
  readonly canary: ArmCounts | null;
  readonly primary: ArmCounts | null;
  /** Absent: no caller's proxy told of either arm in this interval. */
  readonly sent?: SentCounts;
  /** Absent: requests are counted, not connections. */
  readonly bytes?: CarriedBytes;
  /** By metric name. */
  readonly own: Readonly<Record<string, OwnMetricSample>>;
  /** Why an arm is null when the source failed; absent when it answered and there was just no traffic. */
  readonly error?: string;
}

/** The source gave no answer at all for the interval: what happened in it is not known. */
export function isUnanswered({ canary, primary, error }: EvidenceRow): boolean {
  return error !== undefined && canary === null && primary === null;
}

/** One interval of one workload, told apart by pod: what an A/A split is made of. */
export interface PodRow {
  /** End of the interval, milliseconds since the epoch. */
  readonly endMs: number;
  /** By pod; one that the source gave nothing for is not in it. */
  readonly pods: ReadonlyMap<string, ArmCounts>;
  /** Why there is nothing, when the source failed. */
  readonly error?: string;
}
