import type { InvariantFactory } from "../invariant.ts";
import { isMetricsFault, mayHang } from "../plan.ts";
import { isFoughtOver } from "../subsets.ts";
import { isBadImage } from "../versions.ts";

/** What may truly happen twice in one run: a pause that ends by itself. */
const MAY_RECUR = /paused|goes on|back to 0 %|not seen/;

/**
 * 11. One notification for a transition, whichever process saw it and however often they die. Told by plans in which
 * nothing can happen twice: one good version, and nobody interferes.
 */
export const toldOnce: InvariantFactory = ({ plan, inbox }) => ({
  name: "told-once",
  atEnd: () => {
    const { prometheus, nodeFailures } = plan.faults;
    // A canary begins again whose pods went away with their node, or are not seen (a standby took over whose watch hung), or
    // whose pin cannot be set again.
    const mayBeginAgain =
      nodeFailures.length > 0 || mayHang(plan.faults) || plan.rollouts.some((it) => isFoughtOver(plan, it));
    const isPlain = plan.isCalm && !prometheus.some(isMetricsFault) && !mayBeginAgain;
    if (!isPlain || plan.moves.some((move) => move.kind === "image" && isBadImage(move.image))) return [];
    const titles = inbox.messages.map(({ title }) => title).filter((title) => !MAY_RECUR.test(title));
    const repeated = new Set(titles.filter((title, index) => titles.indexOf(title) !== index));
    return [...repeated].map((title) => `"${title}" was told more than once`);
  },
});
