/** RFC 3339 in UTC with whole seconds, as Kubernetes writes times in objects. */
export function isoTime(timeMs: number): string {
  return `${new Date(timeMs).toISOString().slice(0, 19)}Z`;
}

/** With milliseconds: for times that order events within a second. */
export function isoTimeMs(timeMs: number): string {
  return new Date(timeMs).toISOString();
}

/** Milliseconds since the epoch of an RFC 3339 time; NaN when it is not one. */
export function parseTime(text: string): number {
  return Date.parse(text);
}

/** `14:02:10`, UTC. */
export function clockTime(timeMs: number): string {
  return new Date(timeMs).toISOString().slice(11, 19);
}

/** `14:02:10 UTC`, with the date before it when that is not today's. */
export function moment(timeMs: number, nowMs: number): string {
  const date = isoTime(timeMs).slice(0, 10);
  return `${date === isoTime(nowMs).slice(0, 10) ? "" : `${date} `}${clockTime(timeMs)} UTC`;
}
