/** Milliseconds since the Unix epoch of a time in an object; 0 for an absent or malformed one. */
export function timeMs(text: string | null | undefined): number {
  const ms = text === null || text === undefined ? Number.NaN : Date.parse(text);
  return Number.isNaN(ms) ? 0 : ms;
}
