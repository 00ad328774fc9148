/** How Prometheus misbehaves. Scraping goes on, as with a server that is overloaded or cut off. */
export type PrometheusFault =
  /** Connections are refused. */
  | { readonly kind: "down" }
  /** Every answer comes this late. */
  | { readonly kind: "slow"; readonly delayMs: number }
  /** Every query is answered with 503. */
  | { readonly kind: "errors" }
  /** Queries succeed and find nothing. */
  | { readonly kind: "empty" }
  /** Every value of every query is NaN. */
  | { readonly kind: "nan" }
  /** Answers know of nothing that happened in the last `byMs`: a replica that lags. */
  | { readonly kind: "behind"; readonly byMs: number }
  /** Values are those of something else: each is multiplied by 0, 1 or 2, as its series and time have it. */
  | { readonly kind: "lies" };
