import type { RunStatus } from "../api/status.ts";

/** Whether a person asked to leave the position that the run is in; one that it has left says nothing about the next. */
export function isSkipped(run: RunStatus): boolean {
  return run.skip?.position === run.positions.length;
}
