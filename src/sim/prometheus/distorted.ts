import type { ApiAnswer } from "./api.ts";
import type { PrometheusFault } from "./fault.ts";

interface QueryBody {
  readonly status: string;
  readonly data?: { readonly resultType?: string; readonly result?: readonly unknown[] };
}

/** A sample as the API gives it: seconds since 1970, and the value as text. */
type Sample = readonly [time: number, value: string];

interface Series {
  readonly metric?: unknown;
  readonly value?: Sample;
  readonly values?: readonly Sample[];
}

/** What a fault makes of a query's answer; answers that are no result of a query stay as they are. */
export function distorted(given: ApiAnswer, fault: PrometheusFault, nowMs: number): ApiAnswer {
  const data = (given.body as QueryBody).data;
  if (data?.resultType === undefined) return given;
  const all = (data.result ?? []) as readonly Series[];
  const result = resultUnder(fault, all, nowMs);
  return result === all
    ? given
    : { status: given.status, body: { status: "success", data: { ...data, result } } };
}

function resultUnder(fault: PrometheusFault, all: readonly Series[], nowMs: number): readonly Series[] {
  switch (fault.kind) {
    case "empty":
      return [];
    case "nan":
      return all.map((series) => withSamples(series, ([time]) => [time, "NaN"]));
    case "behind":
      return all
        .map((series) => withSamples(series, (it) => (it[0] * 1_000 > nowMs - fault.byMs ? null : it)))
        .filter(({ value, values }) => value !== undefined || (values?.length ?? 0) > 0);
    case "lies":
      return all.map((series) => {
        const seed = hash(JSON.stringify(series.metric ?? {}));
        return withSamples(series, ([time, value]) => [time, lie(seed, time, value)]);
      });
    default:
      return all;
  }
}

/** The series with each sample replaced, or left out where that gives null. */
function withSamples({ value, values, metric }: Series, change: (sample: Sample) => Sample | null): Series {
  if (values !== undefined) return { metric, values: values.map(change).filter((it) => it !== null) };
  const changed = value === undefined ? null : change(value);
  return changed === null ? { metric } : { metric, value: changed };
}

function lie(seed: number, time: number, value: string): string {
  return String(Number(value) * (hash(`${seed} ${time}`) % 3));
}

/** FNV-1a, 32 bits: the same lie each time one asks. */
function hash(text: string): number {
  let sum = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) sum = Math.imul(sum ^ text.charCodeAt(i), 0x01000193);
  return sum >>> 0;
}
