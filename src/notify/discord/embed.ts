import type { Severity } from "../../api/reasons.ts";
import { isoTimeMs } from "../../lib/time.ts";
import type { Letter } from "../channel.ts";
import { chartText } from "../chart-text.ts";
import { type Escape, isPlain, plain, write } from "../markup.ts";
import { wordsOf } from "../wording.ts";

/** What a webhook of Discord takes (https://discord.com/developers/docs/resources/webhook#execute-webhook). */
export interface DiscordMessage {
  /** Above the embed; where a title of the author's mentions somebody, it is here that it rings. */
  readonly content?: string;
  readonly allowed_mentions: { readonly parse: readonly ("roles" | "users" | "everyone")[] };
  readonly embeds: readonly [DiscordEmbed];
}

export interface DiscordEmbed {
  readonly title: string;
  readonly description: string;
  readonly url?: string;
  readonly color: number;
  readonly timestamp: string;
  readonly fields: readonly { readonly name: string; readonly value: string; readonly inline: boolean }[];
  readonly footer: { readonly text: string };
}

const COLORS: Readonly<Record<Severity, number>> = { info: 0x2eb67d, warning: 0xecb22e, error: 0xe01e5a };

/** Discord's limits: title 256, description 4,096, 25 fields of 256 and 1,024, footer 2,048, content 2,000; all of an embed 6,000. */
const MAX_TITLE = 256;
const MAX_CONTENT = 2_000;
const MAX_TEXT = 2_000;
const MAX_NEXT = 500;
const MAX_CHART = 600;
const MAX_NOTE = 300;
const MAX_VALUE = 300;
const MAX_FOOTER = 300;

export function discordMessage(letter: Letter): DiscordMessage {
  const { transition, dashboard, receiver } = letter;
  const words = wordsOf(letter);
  const hasOwnTitle = !isPlain(words.title);
  const { chart } = transition;
  const parts = [
    write(words.text, escapeDiscord, MAX_TEXT),
    chart === null || !receiver.spec.chart ? "" : fixedWidth(chartText(chart)),
    words.next === null ? "" : `**Next:** ${write(plain(words.next), escapeDiscord, MAX_NEXT)}`,
    ...words.notes.map((note) => `*${write(plain(note), escapeDiscord, MAX_NOTE)}*`),
  ];
  return {
    ...(hasOwnTitle ? { content: write(words.title, escapeDiscord, MAX_CONTENT) } : {}),
    allowed_mentions: { parse: hasOwnTitle ? ["roles", "users", "everyone"] : [] },
    embeds: [
      {
        title: write(plain(transition.title), escapeDiscord, MAX_TITLE),
        description: parts.filter((part) => part !== "").join("\n\n"),
        ...(dashboard === undefined ? {} : { url: dashboard }),
        color: COLORS[transition.severity],
        timestamp: isoTimeMs(transition.atMs),
        fields: words.facts.map(({ name, value }) => ({
          name,
          value: write(plain(value), escapeDiscord, MAX_VALUE),
          inline: true,
        })),
        footer: { text: words.place.join("  |  ").slice(0, MAX_FOOTER) },
      },
    ],
  };
}

function fixedWidth(text: string): string {
  return `\`\`\`\n${text.replaceAll("`", "'").slice(0, MAX_CHART)}\n\`\`\``;
}

/** Markdown, mentions and links with another text than their address; a backslash before punctuation is not shown. */
export const escapeDiscord: Escape = (text) =>
  text.replace(/[\\*_~`|>#[\]()<]/g, "\\$&").replaceAll("@", "@\u200b");
