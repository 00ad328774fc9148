import { rolloutCrd } from "../../src/app/rehearsal.ts";
import { reportOf } from "./seed-report.ts";

/** Plays the seeds that it is told of, one at a time, until it is let go. */
const crd = await rolloutCrd();
process.on("message", (seed: number) => {
  void reportOf(seed, crd).then((report) => process.send?.(report));
});
process.on("disconnect", () => process.exit());
