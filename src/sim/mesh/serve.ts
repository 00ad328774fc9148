import type { ImageBook } from "../image.ts";
import type { Draw } from "./draw.ts";
import { bucketOf, type LatencyGrids, type Took } from "./latency.ts";
import type { MeshPod } from "./pods.ts";

/** What a pod's application made of some of the requests that it took up. */
export interface Reply {
  /** "timeout": the caller went away before the answer. */
  readonly end: number | "timeout";
  readonly took: readonly Took[];
}

export interface Serving {
  readonly draw: Draw;
  readonly grids: LatencyGrids;
  readonly images: ImageBook;
}

/** How long callers wait. */
export interface Patience {
  /** For this try. */
  readonly limitMs: number;
  /** For a first try: where latencies are cut, so that the usual timeout divides them exactly. */
  readonly cutMs: number | null;
}

/** Draws errors and latencies for `count` requests that reach a pod at `now`. */
export function replies(
  { draw, grids, images }: Serving,
  pod: MeshPod,
  now: number,
  count: number,
  patience: Patience,
): Reply[] {
  const { errorRate, latency, errorStatus = 500 } = pod.behaviour(images, now);
  const cells = grids.cells(latency, patience.cutMs);
  const shares = cells.map(({ share }) => share);
  const errors = draw.binomial(count, errorRate);
  const found: Reply[] = [];
  let late = 0;
  for (const [status, wanted] of [
    [200, count - errors],
    [errorStatus, errors],
  ] as const) {
    const took: Took[] = [];
    for (const [index, dealt] of draw.split(wanted, shares).entries()) {
      const cell = cells[index];
      if (dealt === 0 || cell === undefined) continue;
      if (cell.meanMs > patience.limitMs) late += dealt;
      else took.push({ count: dealt, durationMs: cell.meanMs, bucket: cell.bucket });
    }
    if (took.length > 0) found.push({ end: status, took });
  }
  if (late > 0) {
    const { limitMs } = patience;
    found.push({ end: "timeout", took: [{ count: late, durationMs: limitMs, bucket: bucketOf(limitMs) }] });
  }
  return found;
}
