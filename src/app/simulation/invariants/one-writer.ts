import type { Lease } from "../../../kube/kind/cluster.ts";
import { LEASE } from "../../../kube/resources.ts";
import type { InvariantFactory } from "../invariant.ts";
import { isNotice } from "../notice.ts";

/** 10. Of two controllers only the one that the Lease names writes; nobody writes after another has written. */
export const oneWriter: InvariantFactory = ({ plan }) => {
  let holder = "";
  return {
    name: "one-writer",
    onWrite: (write) => {
      if (!plan.faults.twoControllers) return [];
      if (write.kind === LEASE.kind) {
        holder = (write.object as Lease).spec?.holderIdentity ?? "";
        return [];
      }
      if (isNotice(write) || holder === "" || holder === write.instance) return [];
      return [`${write.instance} wrote ${write.method} ${write.path} while ${holder} held the Lease`];
    },
  };
};
