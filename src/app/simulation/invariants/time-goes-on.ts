import type { InvariantFactory } from "../invariant.ts";
import { isNotice } from "../notice.ts";

/** Of all Rollouts of a run together; a run of three takes some dozen. */
const MOST = 1_000;

/** 7, 12. Nobody writes as fast as the API server answers. */
export const timeGoesOn: InvariantFactory = () => {
  let instantMs = 0;
  let count = 0;
  return {
    name: "time-goes-on",
    onWrite: (write) => {
      if (isNotice(write)) return [];
      count = write.atMs === instantMs ? count + 1 : 1;
      instantMs = write.atMs;
      return count === MOST
        ? [`${MOST} writes at one instant, the last one ${write.method} ${write.path}`]
        : [];
    },
  };
};
