/** A time as Kubernetes writes it (metav1.Time): UTC, whole seconds, the fraction cut off. */
export function timeText(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}

/** Milliseconds since the Unix epoch of a Kubernetes time; 0 for an absent or malformed one. */
export function timeMs(text: string | null | undefined): number {
  const ms = text === null || text === undefined ? Number.NaN : Date.parse(text);
  return Number.isNaN(ms) ? 0 : ms;
}
