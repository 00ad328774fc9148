import type { Transition } from "../api/notification.ts";
import type { Severity } from "../api/reasons.ts";
import type { Rollout } from "../api/rollout.ts";
import {
  type DefaultNotification,
  type NotificationSpec,
  RECEIVER_KINDS,
  type ReceiverKind,
} from "../api/spec-notifications.ts";
import type { SecretKey } from "../kube/secret-values.ts";

/** One who is told, as one entry of a list says. */
export interface Receiver {
  readonly kind: ReceiverKind;
  readonly spec: NotificationSpec;
  /** What is needed to reach it, by purpose ("url", "token"). */
  readonly secrets: Readonly<Record<string, SecretKey>>;
  /** The same for all entries that reach the same place, in every process: "slack shop/slack/token #releases". */
  readonly id: string;
}

/** The controller's own list, and the namespace where its Secrets are. */
export interface Defaults {
  readonly list: readonly DefaultNotification[];
  readonly namespace: string;
}

const RANK: Readonly<Record<Severity, number>> = { info: 0, warning: 1, error: 2 };

export function rankOf(severity: Severity): number {
  return RANK[severity];
}

/** Who is to be told of a transition: the Rollout's own receivers, then the controller's. A place is told once. */
export function receiversOf(
  rollout: Rollout,
  transition: Transition,
  defaults: Defaults,
): readonly Receiver[] {
  const { namespace = "default" } = rollout.metadata;
  const own = rollout.spec.notifications;
  const general = defaults.list.filter(({ onlyIfNone }) => !onlyIfNone || own.length === 0);
  const all = [
    ...own.filter((spec) => wants(spec, transition)).map((spec) => receiverOf(spec, namespace)),
    ...general.filter((spec) => wants(spec, transition)).map((spec) => receiverOf(spec, defaults.namespace)),
  ];
  return [...new Map(all.toReversed().map((receiver) => [receiver.id, receiver])).values()].toReversed();
}

function wants({ minSeverity, events }: NotificationSpec, { severity, reason }: Transition): boolean {
  return RANK[severity] >= RANK[minSeverity] && (events === undefined || events.includes(reason));
}

function receiverOf(spec: NotificationSpec, namespace: string): Receiver {
  const kind = RECEIVER_KINDS.find((name) => spec[name] !== undefined) ?? "slack";
  const secrets = Object.fromEntries(
    Object.entries(secretRefs(spec)).flatMap(([purpose, ref]) =>
      ref === undefined ? [] : [[purpose, { namespace, ...ref }]],
    ),
  );
  const main = secrets["url"] ?? secrets["token"];
  const channel = spec.slack?.channel === undefined ? "" : ` ${spec.slack.channel}`;
  return { kind, spec, secrets, id: `${kind} ${namespace}/${main?.name}/${main?.key}${channel}` };
}

/** Where a person finds what names the receiver. */
export function placeOf({ secrets, spec }: Receiver): string {
  const main = secrets["url"] ?? secrets["token"];
  const channel = spec.slack?.channel === undefined ? "" : `, channel ${spec.slack.channel}`;
  return `Secret ${main?.namespace}/${main?.name}, key ${main?.key}${channel}`;
}

type SecretRef = { readonly name: string; readonly key: string };

function secretRefs(spec: NotificationSpec): Readonly<Record<string, SecretRef | undefined>> {
  const { slack, webhook } = spec;
  if (slack !== undefined) return { url: slack.secretRef, token: slack.tokenRef };
  if (webhook === undefined) return { url: (spec.teams ?? spec.discord ?? spec.googleChat)?.secretRef };
  const { secretRef, signatureRef, authorizationRef } = webhook;
  return { url: secretRef, signature: signatureRef, authorization: authorizationRef };
}
