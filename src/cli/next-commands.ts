import type { CommandName } from "../api/command.ts";
import type { Rollout } from "../api/rollout.ts";
import type { RunStatus } from "../api/status.ts";
import { awaitedGates } from "../core/gates-waiting.ts";

/** A command that makes sense now, ready to be copied, and what it does. */
export interface NextCommand {
  readonly command: string;
  readonly effect: string;
}

const EFFECTS: Readonly<Record<CommandName, string>> = {
  abort: "stop it: weight 0 at once",
  pause: "keep this weight; a failure still rolls back",
  resume: "let it go on",
  approve: "let it go on to the next step",
  skip: "leave this step at once",
  promote: "skip the rest of the steps and the evidence",
  retry: "release the rejected revision again",
};

/** What a person may want to do next, the most likely first. */
export function nextCommands(rollout: Rollout): readonly NextCommand[] {
  const { run, rejected } = rollout.status ?? {};
  if (run === undefined) {
    const look = [looking(rollout, "history", "how the last runs ended")];
    if (rejected === undefined) return look;
    return [
      looking(rollout, "explain", "why, with the numbers"),
      giving(rollout, "retry", rejected.revision),
    ];
  }
  const commands = commandsFor(run).map((name) => {
    const isForGates = name === "approve" && awaitedGates(run).length > 0;
    return giving(
      rollout,
      name,
      run.revision,
      isForGates ? "let it go on without the webhook's yes" : EFFECTS[name],
    );
  });
  return [...commands, looking(rollout, "explain", "the numbers behind the last decision")];
}

function commandsFor(run: RunStatus): readonly CommandName[] {
  switch (run.stage) {
    case "Confirming":
    case "Starting":
    case "Shadow":
    case "Step":
      if (run.pause !== undefined) return run.pause.kind === "Suspended" ? ["abort"] : ["resume", "abort"];
      return isForPerson(run) ? ["approve", "abort"] : ["abort", "pause"];
    case "Shifting":
    case "Promoting":
      return ["abort"];
    case "Finalising":
    case "RollingBack":
      return [];
  }
}

/** A person may let it pass. */
function isForPerson(run: RunStatus): boolean {
  return run.awaitingApprovalSince !== undefined || awaitedGates(run).length > 0;
}

function giving(
  { metadata }: Rollout,
  name: CommandName,
  revision: string,
  effect: string = EFFECTS[name],
): NextCommand {
  const command = `sluice ${name} ${metadata.name} -n ${metadata.namespace} --revision ${revision}`;
  return { command: `${command} --reason "why"`, effect };
}

function looking({ metadata }: Rollout, command: string, effect: string): NextCommand {
  return { command: `sluice ${command} ${metadata.name} -n ${metadata.namespace}`, effect };
}

export function nextCommandLines(rollout: Rollout): readonly string[] {
  const commands = nextCommands(rollout);
  const width = Math.max(...commands.map(({ command }) => command.length));
  return commands.map(({ command, effect }) => `  ${command.padEnd(width)}   # ${effect}`);
}
