import type { EvidenceChart } from "../../api/notification.ts";
import type { Severity } from "../../api/reasons.ts";
import type { Letter } from "../channel.ts";
import { chartLines, chartTitle } from "../chart-text.ts";
import { asItIs, type Escape, escapeEntities, isPlain, plain, withinBytes, write } from "../markup.ts";
import { wordsOf } from "../wording.ts";

/** A message with one card (https://developers.google.com/workspace/chat/api/reference/rest/v1/spaces.messages). */
export interface GoogleChatMessage {
  /** Above the card; where a title of the author's mentions somebody, it is here that it rings. */
  readonly text?: string;
  readonly fallbackText: string;
  readonly cardsV2: readonly [{ readonly cardId: string; readonly card: Card }];
  readonly thread?: { readonly threadKey: string };
}

interface Card {
  readonly header: { readonly title: string; readonly subtitle: string };
  readonly sections: readonly { readonly widgets: readonly Widget[] }[];
}

type Widget =
  | { readonly textParagraph: { readonly text: string } }
  | {
      readonly decoratedText: {
        readonly topLabel: string;
        readonly text: string;
        readonly wrapText?: boolean;
      };
    }
  | { readonly buttonList: { readonly buttons: readonly Button[] } };

interface Button {
  readonly text: string;
  readonly onClick: { readonly openLink: { readonly url: string } };
}

const MARKS: Readonly<Record<Severity, string>> = { info: "", warning: "⚠️ ", error: "🔴 " };

/** Google takes 32,000 bytes a message, 4,096 characters of text. */
const MAX_BYTES = 30_000;
const TEXT_LENGTHS = [4_000, 1_500, 400];
const MAX_TITLE = 300;
const MAX_FACT = 300;

export function googleChatMessage(letter: Letter): GoogleChatMessage {
  return withinBytes(MAX_BYTES, TEXT_LENGTHS, (maxText) => messageOf(letter, maxText));
}

function messageOf(letter: Letter, maxText: number): GoogleChatMessage {
  const { transition, subject, receiver, dashboard } = letter;
  const words = wordsOf(letter);
  const { run, chart } = transition;
  const text = write(words.text, escapeHtml, maxText);
  const widgets: Widget[] = [
    ...(text === "" ? [] : [paragraph(text)]),
    ...(chart === null || !receiver.spec.chart ? [] : chartWidgets(chart)),
    ...(words.next === null
      ? []
      : [paragraph(`<b>Next:</b> ${write(plain(words.next), escapeHtml, maxText)}`)]),
    ...words.facts.map(({ name, value }) => ({
      decoratedText: { topLabel: name, text: write(plain(value), escapeHtml, MAX_FACT), wrapText: true },
    })),
    ...words.notes.map((note) => paragraph(`<i>${write(plain(note), escapeHtml, maxText)}</i>`)),
    ...(dashboard === undefined ? [] : [linkButton(dashboard)]),
  ];
  const title = write(plain(`${MARKS[transition.severity]}${transition.title}`), asItIs, MAX_TITLE);
  return {
    ...(isPlain(words.title) ? {} : { text: write(words.title, escapeChat, MAX_TITLE) }),
    fallbackText: title,
    cardsV2: [
      {
        cardId: "transition",
        card: { header: { title, subtitle: words.place.join("  |  ") }, sections: [{ widgets }] },
      },
    ],
    ...(run === null ? {} : { thread: { threadKey: `${subject.uid}-run-${run.id}` } }),
  };
}

function paragraph(text: string): Widget {
  return { textParagraph: { text } };
}

function linkButton(url: string): Widget {
  return { buttonList: { buttons: [{ text: "Dashboard", onClick: { openLink: { url } } }] } };
}

/** Cards have no fixed-width text; blocks are as wide as each other all the same. */
function chartWidgets(chart: EvidenceChart): readonly Widget[] {
  return chartLines(chart).map(({ arm, blocks, numbers }) => ({
    decoratedText: {
      topLabel: `${arm}: ${chartTitle(chart)}`,
      text: `${blocks}  ${escapeHtml(numbers)}`,
    },
  }));
}

/** Texts in cards are a subset of HTML. */
export const escapeHtml: Escape = escapeEntities;

/** Texts outside of cards: `<users/all>` mentions, `<url|text>` links, and there are no escapes. */
export const escapeChat: Escape = (text) => text.replaceAll("<", "<\u200b");
