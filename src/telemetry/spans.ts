import { createHash } from "node:crypto";

/** One finished piece of work of a trace. */
export interface Span {
  /** 32 hexadecimal digits. */
  readonly traceId: string;
  /** 16 hexadecimal digits. */
  readonly spanId: string;
  /** Absent: the root. */
  readonly parentId?: string;
  readonly name: string;
  /** "client": a request to somebody outside. */
  readonly kind: "internal" | "client";
  /** Unix time. */
  readonly startMs: number;
  readonly endMs: number;
  readonly attributes: Readonly<Record<string, string | number | boolean>>;
  /** Why it failed; absent when it did not. */
  readonly error?: string;
}

/** Where spans go. Never throws, keeps nothing waiting, and drops what is too much. */
export interface SpanSink {
  emit(span: Span): void;
}

const TRACE_DIGITS = 32;
const SPAN_DIGITS = 16;

/**
 * The trace of a run: anybody who knows the run knows its trace, so a controller that takes over goes on with it, and a
 * link to it can be made without asking.
 */
export function traceIdOf(rolloutUid: string, runId: number): string {
  return digest(`${rolloutUid}/${runId}`, TRACE_DIGITS);
}

/** A span that is known by its place: the same place is the same span. */
export function spanIdOf(traceId: string, place: string): string {
  return digest(`${traceId}/${place}`, SPAN_DIGITS);
}

function digest(text: string, digits: number): string {
  return createHash("sha256").update(text).digest("hex").slice(0, digits);
}
