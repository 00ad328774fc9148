import { COMMANDS, type Command, commandAnnotation, parseCommandValue } from "../api/command.ts";
import type { Rollout } from "../api/rollout.ts";
import { shorten } from "../lib/text.ts";

/** The commands that stand on a Rollout, each with who set it as far as the API tells. */
export function readCommands(rollout: Rollout): readonly Command[] {
  const annotations = rollout.metadata.annotations ?? {};
  return COMMANDS.flatMap((name) => {
    const text = annotations[commandAnnotation(name)];
    if (text === undefined) return [];
    const { reason = "", by, revision } = parseCommandValue(text);
    const manager = managerOf(rollout, commandAnnotation(name));
    return [
      {
        name,
        reason: reason.slice(0, REASON_LENGTH),
        by: by === undefined || by === "" ? manager : onBehalf(shorten(by, NAME_LENGTH), manager),
        ...(revision === undefined ? {} : { revision: shorten(revision, NAME_LENGTH) }),
      },
    ];
  });
}

/** A reason goes into status, events and Slack: an essay does not. */
const REASON_LENGTH = 256;
const NAME_LENGTH = 63;

/** Anybody who may write the annotation may write any name into it: who wrote it is told as well. */
function onBehalf(by: string, manager: string | null): string {
  return manager === null ? by : `${by} via ${manager}`;
}

interface ManagedFieldsEntry {
  readonly manager?: string;
  readonly fieldsV1?: {
    readonly "f:metadata"?: { readonly "f:annotations"?: Readonly<Record<string, unknown>> };
  };
}

/** The field manager that owns an annotation; the API does not tell the user's name. */
function managerOf(rollout: Rollout, annotation: string): string | null {
  const entries = (rollout.metadata.managedFields ?? []) as readonly ManagedFieldsEntry[];
  const owner = entries.find(
    (entry) => entry.fieldsV1?.["f:metadata"]?.["f:annotations"]?.[`f:${annotation}`] !== undefined,
  );
  return owner?.manager ?? null;
}
