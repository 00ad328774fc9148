import type { Labels } from "./labels.ts";
import type { Window } from "./window.ts";

export interface Sample {
  readonly labels: Labels;
  readonly value: number;
  /** When it was scraped; only samples that come straight from a selector have it. */
  readonly timeMs?: number;
}

/** What an expression is at one instant. */
export type Value =
  | { readonly type: "scalar"; readonly value: number }
  | { readonly type: "string"; readonly value: string }
  | { readonly type: "vector"; readonly samples: readonly Sample[] }
  /** `startMs` and `endMs` bound the window: the rate functions extrapolate to them. */
  | {
      readonly type: "matrix";
      readonly windows: readonly Window[];
      readonly startMs: number;
      readonly endMs: number;
    };

/** One series of a range query's result. */
export interface Series {
  readonly labels: Labels;
  readonly points: readonly (readonly [timeMs: number, value: number])[];
}
