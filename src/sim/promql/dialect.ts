/** What differs between the major versions of Prometheus. */
export interface Dialect {
  /** Windows and the lookback exclude their left end, so that [1m] on samples 15 s apart holds 4, not 5. */
  readonly leftOpen: boolean;
  /**
   * Which comes first when a rate is extrapolated to the window's start: the limit at the point where the counter
   * would have been zero (2.x), or the limit at 1.1 average gaps (3.x).
   */
  readonly zeroLimitFirst: boolean;
  /** Whether a label's name may be any text, not just letters, digits and underscores. */
  readonly anyLabelName: boolean;
}

export const PROMETHEUS_3: Dialect = { leftOpen: true, zeroLimitFirst: false, anyLabelName: true };
export const PROMETHEUS_2: Dialect = { leftOpen: false, zeroLimitFirst: true, anyLabelName: false };
