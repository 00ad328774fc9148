import { COMMANDS, type Command, commandAnnotation } from "../api/command.ts";
import type { Rollout } from "../api/rollout.ts";

/** The commands that stand on a Rollout, each with who set it as far as the API tells. */
export function readCommands(rollout: Rollout): readonly Command[] {
  const annotations = rollout.metadata.annotations ?? {};
  return COMMANDS.flatMap((name) => {
    const reason = annotations[commandAnnotation(name)];
    if (reason === undefined) return [];
    return [
      { name, reason: reason.slice(0, REASON_LENGTH), by: managerOf(rollout, commandAnnotation(name)) },
    ];
  });
}

/** A reason goes into status, events and Slack: an essay does not. */
const REASON_LENGTH = 256;

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
