import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { aDeployment, settled } from "../../../../test/support/workload-objects.ts";
import { boundsOf } from "./bounds.ts";
import { newReplicaSet } from "./current-set.ts";
import { DESIRED_REPLICAS, MAX_REPLICAS } from "./revision.ts";
import { scaledSizes } from "./scale.ts";

const size = fc.integer({ min: 1, max: 40 });

describe("scaledSizes", () => {
  it("in the middle of a rolling update comes to exactly what is desired plus surge, and takes no set below 0", () => {
    fc.assert(
      fc.property(
        fc.array(size, { minLength: 2, maxLength: 4 }),
        fc.integer({ min: 0, max: 80 }),
        (before, replicas) => {
          const deployment = aDeployment({ replicas });
          const pods = before.reduce((sum, each) => sum + each, 0);
          const sets = before.map((count, index) => {
            const made = newReplicaSet(deployment, []);
            const annotations = {
              ...made.metadata.annotations,
              [DESIRED_REPLICAS]: String(pods - 1),
              [MAX_REPLICAS]: String(pods),
            };
            const metadata = { ...made.metadata, name: `web-${index}`, annotations };
            return settled({ ...made, metadata, spec: { ...made.spec, replicas: count } }, 0);
          });
          const [current, ...old] = sets;
          const sizes = [...scaledSizes(deployment, { current: current!, old }).values()];
          const allowed = replicas === 0 ? 0 : replicas + boundsOf(deployment).maxSurge;
          expect(sizes.reduce((sum, each) => sum + each, 0)).toBe(allowed);
          expect(Math.min(...sizes)).toBeGreaterThanOrEqual(0);
        },
      ),
      { numRuns: 200 },
    );
  });
});
