import type { GateQuestion } from "../gate.ts";

/**
 * Flagger's CanaryWebhookPayload, byte for byte as Go's json.Marshal writes it (fluxcd/flagger,
 * pkg/apis/flagger/v1beta1/canary.go): name, namespace, phase, checksum, and metadata by its keys, left out when there
 * is none. `more` wins over the webhook's own metadata.
 */
export function webhookPayload(
  { rollout, hook, phase, checksum }: GateQuestion,
  more: Readonly<Record<string, string>> = {},
): string {
  const { name, namespace = "default" } = rollout.metadata;
  const members: (readonly [string, string])[] = Object.entries({ name, namespace, phase, checksum }).map(
    ([key, value]) => [key, text(value)],
  );
  const metadata = Object.entries({ ...hook.metadata, ...more }).sort(byBytes);
  if (metadata.length > 0)
    members.push(["metadata", object(metadata.map(([key, value]) => [key, text(value)]))]);
  return object(members);
}

/** Written out: JavaScript would put keys that are numbers first. */
function object(members: readonly (readonly [string, string])[]): string {
  return `{${members.map(([key, value]) => `${text(key)}:${value}`).join(",")}}`;
}

/** Go sorts a map's keys by the bytes of their UTF-8. */
function byBytes([a]: readonly [string, string], [b]: readonly [string, string]): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

/** Go escapes these as well, so that JSON can stand in HTML and in JavaScript. */
function text(value: string): string {
  return JSON.stringify(value).replace(
    /[<>&\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
