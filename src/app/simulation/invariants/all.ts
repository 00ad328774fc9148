import type { InvariantFactory } from "../invariant.ts";
import { abortObeyed } from "./abort-obeyed.ts";
import { abortWins } from "./abort-wins.ts";
import { capacityKept } from "./capacity-kept.ts";
import { comesToRest } from "./comes-to-rest.ts";
import { drainedFirst } from "./drained-first.ts";
import { evidenceFirst } from "./evidence-first.ts";
import { gatesObeyed } from "./gates-obeyed.ts";
import { getsATry } from "./gets-a-try.ts";
import { handedBack } from "./handed-back.ts";
import { idleWhenRolled } from "./idle-when-rolled.ts";
import { oneWriter } from "./one-writer.ts";
import { ownRoutesKept } from "./own-routes-kept.ts";
import { pinnedCanary } from "./pinned-canary.ts";
import { primaryPresent } from "./primary-present.ts";
import { promotedAsAnalysed } from "./promoted-as-analysed.ts";
import { servesInTheEnd } from "./serves-in-the-end.ts";
import { silentAtRest } from "./silent-at-rest.ts";
import { subsetsGivenBack } from "./subsets-given-back.ts";
import { timeGoesOn } from "./time-goes-on.ts";
import { toldAsItIs } from "./told-as-it-is.ts";
import { toldOnce } from "./told-once.ts";
import { userFieldsKept } from "./user-fields-kept.ts";
import { weightsSum } from "./weights-sum.ts";

/** Each is a promise of docs/architecture.md, by the number in its file. */
export const INVARIANTS: readonly InvariantFactory[] = [
  weightsSum,
  pinnedCanary,
  primaryPresent,
  promotedAsAnalysed,
  abortWins,
  abortObeyed,
  drainedFirst,
  capacityKept,
  idleWhenRolled,
  comesToRest,
  evidenceFirst,
  servesInTheEnd,
  oneWriter,
  silentAtRest,
  timeGoesOn,
  getsATry,
  gatesObeyed,
  toldAsItIs,
  toldOnce,
  userFieldsKept,
  ownRoutesKept,
  subsetsGivenBack,
  handedBack,
];
