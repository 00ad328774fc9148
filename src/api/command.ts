/** What a person may ask for with `kubectl annotate rollout NAME sluice.dev/COMMAND="why"`. */
export const COMMANDS = ["abort", "promote", "pause", "resume", "approve", "skip", "retry"] as const;

export type CommandName = (typeof COMMANDS)[number];

export interface Command {
  readonly name: CommandName;
  /** Why. May be empty. */
  readonly reason: string;
  /** Who, as far as the annotation and the API tell; null when neither does. */
  readonly by: string | null;
  /** The revision (or how it begins) that it was given for: it is refused when another one is in question. */
  readonly revision?: string;
}

/** What an annotation says, apart from plain text: tools write it as a JSON object. */
export interface CommandValue {
  readonly reason?: string | undefined;
  readonly by?: string | undefined;
  readonly revision?: string | undefined;
}

/** The value of a command's annotation. */
export function commandValue(value: CommandValue): string {
  const { reason = "", by, revision } = value;
  return by === undefined && revision === undefined ? reason : JSON.stringify({ reason, by, revision });
}

/** Reads a value: a JSON object of texts, or else the reason as it stands. */
export function parseCommandValue(text: string): CommandValue {
  if (!text.trimStart().startsWith("{")) return { reason: text };
  try {
    const { reason = "", by, revision } = JSON.parse(text) as Readonly<Record<string, unknown>>;
    const isText = (value: unknown) => value === undefined || typeof value === "string";
    if (isText(reason) && isText(by) && isText(revision)) return { reason, by, revision } as CommandValue;
  } catch {
    // A reason may begin with a brace.
  }
  return { reason: text };
}

/** `sluice.dev/abort`, ... */
export function commandAnnotation(name: CommandName): string {
  return `sluice.dev/${name}`;
}
