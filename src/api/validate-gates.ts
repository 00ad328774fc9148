import { parseCron } from "../lib/cron.ts";
import { parseDuration } from "../lib/duration.ts";
import { TimeZone } from "../lib/time-zone.ts";
import type { RolloutSpec } from "./spec.ts";
import type { WebhookSpec, WebhookType, WindowSpec } from "./spec-gates.ts";

interface Problem {
  readonly field: string;
  readonly message: string;
}

/** What no schema can say about webhooks and the schedule. */
export function gateProblems(spec: RolloutSpec): readonly Problem[] {
  return [
    ...spec.webhooks.flatMap((hook, index) => webhookProblems(hook, index, spec.webhooks)),
    ...spec.schedule.flatMap(windowProblems),
  ];
}

function webhookProblems(hook: WebhookSpec, index: number, all: readonly WebhookSpec[]): readonly Problem[] {
  const at = (member: string, message: string): Problem => ({
    field: `spec.webhooks[${index}].${member}`,
    message,
  });
  const isSecond = all.findIndex(({ name }) => name === hook.name) < index;
  return [
    ...(isSecond ? [at("name", `${hook.name} is there twice; names must differ`)] : []),
    ...urlProblems(hook.url).map((message) => at("url", message)),
    ...meaninglessMembers(hook).map(({ member, types }) =>
      at(member, `means nothing for type ${hook.type}; it is for ${types.join(", ")}`),
    ),
    ...boundsProblems(hook).map(([member, message]) => at(member, message)),
    ...headerProblems(hook).map((message) => at("headers", message)),
    ...tlsProblems(hook).map((message) => at("tls", message)),
  ];
}

function urlProblems(url: string): readonly string[] {
  if (!URL.canParse(url)) return [`${JSON.stringify(url)} is no URL`];
  const { username, password } = new URL(url);
  // Not quoted: it would stand in conditions and events.
  return username + password === ""
    ? []
    : ["has a user or password in it, which everybody can read; send an Authorization header from a Secret"];
}

const WAITED_FOR: readonly WebhookType[] = [
  "confirm-rollout",
  "pre-rollout",
  "rollout",
  "confirm-traffic-increase",
  "confirm-promotion",
];

/** Members that only some types have a use for. */
const MEMBER_TYPES: Readonly<Partial<Record<keyof WebhookSpec, readonly WebhookType[]>>> = {
  threshold: ["pre-rollout", "rollout"],
  maxWait: [...WAITED_FOR, "post-rollout"],
  interval: [...WAITED_FOR, "rollback", "post-rollout"],
};

function meaninglessMembers(hook: WebhookSpec) {
  return Object.entries(MEMBER_TYPES)
    .map(([member, types]) => ({ member: member as keyof WebhookSpec, types }))
    .filter(({ member, types }) => hook[member] !== undefined && !types.includes(hook.type));
}

const BOUNDS = { timeout: ["100ms", "1h"], interval: ["1s", "1h"], maxWait: ["1s", "744h"] } as const;

function boundsProblems(hook: WebhookSpec): readonly (readonly [string, string])[] {
  return Object.entries(BOUNDS).flatMap(([member, [least, most]]) => {
    const text = hook[member as keyof typeof BOUNDS];
    return text === undefined || isWithin(text, least, most)
      ? []
      : [[member, `${text} is out of bounds; want ${least} to ${most}`] as const];
  });
}

/** Ours to set, or the connection's. */
const RESERVED = ["host", "content-length", "content-type", "transfer-encoding", "connection", "upgrade"];

function headerProblems({ headers = [] }: WebhookSpec): readonly string[] {
  const names = headers.map(({ name }) => name.toLowerCase());
  return headers.flatMap(({ name, value, valueFrom }, index) => [
    ...(RESERVED.includes(name.toLowerCase()) || name.toLowerCase().startsWith("x-sluice-")
      ? [`${name} is set by Sluice`]
      : []),
    ...(names.indexOf(name.toLowerCase()) < index ? [`${name} is there twice`] : []),
    ...((value === undefined) === (valueFrom === undefined)
      ? [`${name}: exactly one of value and valueFrom must be set`]
      : []),
    ...(value !== undefined && !/^[\x20-\x7e\t]*$/.test(value)
      ? [`${name}: the value has characters that a header cannot have`]
      : []),
  ]);
}

function tlsProblems({ url, tls }: WebhookSpec): readonly string[] {
  if (tls === undefined) return [];
  const { ca } = tls;
  return [
    ...(url.startsWith("https://") ? [] : ["is for https:// URLs only"]),
    ...(ca !== undefined && (ca.configMapKeyRef === undefined) === (ca.secretKeyRef === undefined)
      ? ["ca: exactly one of configMapKeyRef and secretKeyRef must be set"]
      : []),
    ...(ca !== undefined && tls.insecureSkipVerify
      ? ["has a ca, and insecureSkipVerify that ignores it"]
      : []),
  ];
}

function windowProblems(window: WindowSpec, index: number): readonly Problem[] {
  const at = (member: string, message: string): Problem => ({
    field: `spec.schedule[${index}]${member}`,
    message,
  });
  const { deny, allow, timeZone } = window;
  if ((deny === undefined) === (allow === undefined)) {
    const what = deny === undefined ? "neither is set" : "both are set";
    return [at("", `${what}; exactly one of deny and allow must be`)];
  }
  const times = parseCron(deny ?? allow ?? "");
  return [
    ...("problem" in times
      ? [at(deny === undefined ? ".allow" : ".deny", `${JSON.stringify(deny ?? allow)}: ${times.problem}`)]
      : []),
    ...(TimeZone.named(timeZone) === null
      ? [at(".timeZone", `${timeZone} is not known; want a name such as Europe/Paris or UTC`)]
      : []),
    ...(isWithin(window.for, "1m", "744h")
      ? []
      : [at(".for", `${window.for} is out of bounds; want 1m to 744h`)]),
  ];
}

function isWithin(text: string, least: string, most: string): boolean {
  const ms = parseDuration(text) ?? 0;
  return ms >= (parseDuration(least) ?? 0) && ms <= (parseDuration(most) ?? 0);
}
