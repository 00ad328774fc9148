/** What a person may ask for with `kubectl annotate rollout NAME sluice.dev/COMMAND="why"`. */
export const COMMANDS = ["abort", "promote", "pause", "resume", "approve", "retry"] as const;

export type CommandName = (typeof COMMANDS)[number];

export interface Command {
  readonly name: CommandName;
  /** The annotation's value: why. May be empty. */
  readonly reason: string;
  /** The field manager that set the annotation, as far as the API tells (`kubectl-annotate`); null when it does not. */
  readonly by: string | null;
}

/** `sluice.dev/abort`, ... */
export function commandAnnotation(name: CommandName): string {
  return `sluice.dev/${name}`;
}
