import type { Severity } from "../../api/reasons.ts";
import { shorten } from "../../lib/text.ts";
import type { Notification } from "../notify.ts";

/** What an incoming webhook takes: https://api.slack.com/reference/block-kit, secondary attachments for the colour. */
export interface SlackMessage {
  /** Shown above the attachment, and in the notification of a phone. */
  readonly text: string;
  readonly attachments: readonly [
    { readonly color: string; readonly fallback: string; readonly blocks: readonly SlackBlock[] },
  ];
}

export type SlackBlock =
  | { readonly type: "section"; readonly text: SlackText }
  | { readonly type: "section"; readonly fields: readonly SlackText[] }
  | { readonly type: "context"; readonly elements: readonly SlackText[] };

export interface SlackText {
  readonly type: "mrkdwn";
  readonly text: string;
}

/** Green, amber, red. */
const COLORS: Readonly<Record<Severity, string>> = {
  info: "#2eb67d",
  warning: "#ecb22e",
  error: "#e01e5a",
};

/** Slack's limits, in characters after escaping. */
const MAX_SECTION = 3_000;
const MAX_FIELD = 2_000;
const MAX_FIELDS = 10;
/** Ours: a title is a line. */
const MAX_TITLE = 300;
const MAX_FACT = 300;

/** One message a transition: what, why with numbers, facts, what next, and where. */
export function slackMessage(notification: Notification, cluster: string | undefined): SlackMessage {
  const { severity, title, text, next, facts, rollout } = notification;
  const heading = mrkdwn(shorten(title, MAX_TITLE), MAX_SECTION).text;
  const place = [
    ...(cluster === undefined ? [] : [`cluster ${cluster}`]),
    `Rollout ${rollout.namespace}/${rollout.name}`,
  ];
  const blocks: SlackBlock[] = [
    ...(text === "" ? [] : [section(text)]),
    ...(next === undefined ? [] : [section(next, "*Next:* ")]),
    ...factBlocks(facts),
    { type: "context", elements: [mrkdwn(place.join("  |  "), MAX_FIELD)] },
  ];
  return { text: heading, attachments: [{ color: COLORS[severity], fallback: heading, blocks }] };
}

function section(text: string, lead = ""): SlackBlock {
  return { type: "section", text: mrkdwn(text, MAX_SECTION, lead) };
}

function factBlocks(facts: Notification["facts"]): readonly SlackBlock[] {
  const shown = facts.slice(0, MAX_FIELDS);
  if (shown.length === 0) return [];
  const fields = shown.map(({ name, value }) =>
    mrkdwn(shorten(value, MAX_FACT), MAX_FIELD, `*${escapeText(shorten(name, MAX_FACT))}*\n`),
  );
  return [{ type: "section", fields }];
}

/** `lead` is markup of ours, `text` is plain and escaped; both together at most `maxLength` characters. */
function mrkdwn(text: string, maxLength: number, lead = ""): SlackText {
  return { type: "mrkdwn", text: lead + escapeWithin(text, maxLength - lead.length) };
}

const ENTITIES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;" };

/** The three characters with which markup, mentions and links begin (https://api.slack.com/reference/surfaces/formatting#escaping). */
export function escapeText(text: string): string {
  return text.replace(/[&<>]/g, (character) => ENTITIES[character] ?? character);
}

/** Escapes, and cuts between characters, never within an entity or a surrogate pair. */
function escapeWithin(text: string, maxLength: number): string {
  const escaped = escapeText(text);
  if (escaped.length <= maxLength) return escaped;
  let cut = "";
  for (const character of text) {
    const next = escapeText(character);
    if (cut.length + next.length > maxLength - 1) break;
    cut += next;
  }
  return `${cut}…`;
}
