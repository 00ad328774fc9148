import type { Severity } from "../../api/reasons.ts";
import type { Letter } from "../channel.ts";
import { chartText } from "../chart-text.ts";
import { type Escape, escapeEntities, type Markup, plain, write } from "../markup.ts";
import { type Words, wordsOf } from "../wording.ts";

/** What chat.postMessage and incoming webhooks take: Block Kit (https://docs.slack.dev/reference/block-kit), in an attachment for the colour. */
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
const MAX_CONTEXT = 2_000;
const MAX_FIELDS = 10;
/** Ours: a title is a line. */
const MAX_TITLE = 400;
const MAX_FACT = 300;

/**
 * One message a transition: what, why with numbers, the evidence, what next, facts, and where. A reply leaves out the
 * facts, which the head of its thread has.
 */
export function slackMessage(letter: Letter, isReply = false): SlackMessage {
  const { transition, receiver, dashboard } = letter;
  const words = wordsOf(letter);
  const text = write(words.title, escapeSlack, MAX_TITLE);
  const { chart } = transition;
  const link = dashboard === undefined ? [] : [`<${escapeSlack(dashboard)}|Dashboard>`];
  const place = [...words.place.map(escapeSlack), ...link].join("  |  ");
  const body = write(words.text, escapeSlack, MAX_SECTION);
  const blocks: SlackBlock[] = [
    ...(body === "" ? [] : [section(body)]),
    ...(chart === null || !receiver.spec.chart ? [] : [section(fixedWidth(chartText(chart)))]),
    ...(words.next === null ? [] : [section(`*Next:* ${within(plain(words.next), MAX_SECTION - 20)}`)]),
    ...(isReply ? [] : factBlocks(words.facts)),
    ...words.notes.map((note) => context(within(plain(note), MAX_CONTEXT))),
    context(place.slice(0, MAX_CONTEXT)),
  ];
  return { text, attachments: [{ color: COLORS[transition.severity], fallback: text, blocks }] };
}

function section(text: string): SlackBlock {
  return { type: "section", text: mrkdwn(text) };
}

function context(text: string): SlackBlock {
  return { type: "context", elements: [mrkdwn(text)] };
}

function factBlocks(facts: Words["facts"]): readonly SlackBlock[] {
  if (facts.length === 0) return [];
  const fields = facts.slice(0, MAX_FIELDS).map(({ name, value }) => {
    return mrkdwn(`*${escapeSlack(name)}*\n${within(plain(value), MAX_FACT)}`);
  });
  return [{ type: "section", fields }];
}

function fixedWidth(text: string): string {
  return `\`\`\`${within(plain(text.replaceAll("`", "'")), MAX_SECTION - 6)}\`\`\``;
}

function within(text: Markup, maxLength: number): string {
  return write(text, escapeSlack, maxLength);
}

function mrkdwn(text: string): SlackText {
  return { type: "mrkdwn", text };
}

/** The three characters with which markup, mentions and links begin (https://docs.slack.dev/messaging/formatting-message-text#escaping). */
export const escapeSlack: Escape = escapeEntities;
