import { z } from "zod";
import type { CommandOutcome } from "../load-tester.ts";
import type { Action } from "./action.ts";
import { duration, strict } from "./fields.ts";

const WANT_OUTCOME = "want an exit code, or an object with exit, output, takes";

const outcome = z
  .preprocess(
    (value) => (typeof value === "number" ? { exit: value } : value),
    strict(
      {
        exit: z.int(WANT_OUTCOME).min(0).max(255).default(0),
        output: z.string().max(10_000).default(""),
        takes: duration("How long it runs.").default(1_000),
      },
      WANT_OUTCOME,
    ),
  )
  .transform(({ exit, output, takes }): CommandOutcome => ({ exit, output, takesMs: takes }));

/** By a part of the command: `curl: 22`. */
export const commandOutcomes = z.record(z.string().min(1), outcome);

const PATHS = ["/gate/open", "/gate/close", "/rollback/open", "/rollback/close"] as const;

/** A person calls it for the Rollout (`/gate/open`), or commands come to something else from now on. */
export const loadTester = z
  .preprocess(
    (value) => (typeof value === "string" ? { call: value } : value),
    strict({
      call: z.enum(PATHS, `want one of ${PATHS.join(", ")}`).optional(),
      commands: commandOutcomes.default({}),
    }),
  )
  .transform(({ call, commands }): Action => ({ kind: "loadTester", call, commands }));
