import { notificationTemplateProblems } from "./notification-template.ts";
import { type NotificationSpec, RECEIVER_KINDS } from "./spec-notifications.ts";

interface Problem {
  readonly field: string;
  readonly message: string;
}

/** What no schema says of a list of receivers, or what an older CRD lets through. */
export function notificationProblems(list: readonly NotificationSpec[], path: string): readonly Problem[] {
  return list.flatMap((entry, index) => {
    const at = `${path}[${index}]`;
    return [...receiverProblems(entry, at), ...templateProblems(entry, at)];
  });
}

function receiverProblems(entry: NotificationSpec, at: string): readonly Problem[] {
  const set = RECEIVER_KINDS.filter((kind) => entry[kind] !== undefined);
  if (set.length !== 1) {
    const what = set.length === 0 ? "none is set" : `${set.join(" and ")} are set`;
    return [{ field: at, message: `${what}; exactly one of ${RECEIVER_KINDS.join(", ")} must be` }];
  }
  const { slack } = entry;
  if (slack === undefined) return [];
  if ((slack.secretRef === undefined) === (slack.tokenRef === undefined))
    return [{ field: `${at}.slack`, message: "exactly one of secretRef and tokenRef must be set" }];
  if ((slack.tokenRef === undefined) === (slack.channel === undefined)) return [];
  return [{ field: `${at}.slack.channel`, message: "tokenRef and channel go together" }];
}

function templateProblems(entry: NotificationSpec, at: string): readonly Problem[] {
  return (["title", "text"] as const).flatMap((member) =>
    notificationTemplateProblems(entry[member] ?? "").map((message) => ({
      field: `${at}.${member}`,
      message,
    })),
  );
}
