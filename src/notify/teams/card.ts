import type { EvidenceChart } from "../../api/notification.ts";
import type { Severity } from "../../api/reasons.ts";
import { clockTime } from "../../lib/time.ts";
import type { Letter } from "../channel.ts";
import { chartText, chartTitle } from "../chart-text.ts";
import { asItIs, type Escape, isPlain, type Markup, plain, withinBytes, write } from "../markup.ts";
import { wordsOf } from "../wording.ts";

/** A message with one adaptive card, as Workflows take it (https://learn.microsoft.com/power-automate, "Post to a channel when a webhook request is received"). */
export interface TeamsMessage {
  readonly type: "message";
  readonly attachments: readonly [
    {
      readonly contentType: "application/vnd.microsoft.card.adaptive";
      readonly contentUrl: null;
      readonly content: AdaptiveCard;
    },
  ];
}

export interface AdaptiveCard {
  readonly $schema: "http://adaptivecards.io/schemas/adaptive-card.json";
  readonly type: "AdaptiveCard";
  readonly version: "1.5";
  readonly msteams: { readonly width: "Full" };
  readonly body: readonly CardElement[];
  readonly actions: readonly {
    readonly type: "Action.OpenUrl";
    readonly title: string;
    readonly url: string;
  }[];
}

export type CardElement = { readonly type: string } & Readonly<Record<string, unknown>>;

const COLORS: Readonly<Record<Severity, string>> = { info: "Good", warning: "Warning", error: "Attention" };

/** Teams takes 28 KB; what Workflows wrap around it needs some of them. */
const MAX_BYTES = 24_000;
const TEXT_LENGTHS = [6_000, 2_000, 500];
const MAX_TITLE = 400;
const MAX_FACT = 300;

export function teamsMessage(letter: Letter): TeamsMessage {
  return withinBytes(MAX_BYTES, TEXT_LENGTHS, (maxText) => ({
    type: "message",
    attachments: [
      {
        contentType: "application/vnd.microsoft.card.adaptive",
        contentUrl: null,
        content: cardOf(letter, maxText),
      },
    ],
  }));
}

function cardOf(letter: Letter, maxText: number): AdaptiveCard {
  const { transition, receiver, dashboard } = letter;
  const words = wordsOf(letter);
  const { chart } = transition;
  const color = COLORS[transition.severity];
  return {
    $schema: "http://adaptivecards.io/schemas/adaptive-card.json",
    type: "AdaptiveCard",
    version: "1.5",
    msteams: { width: "Full" },
    body: [
      textElement(words.title, MAX_TITLE, { weight: "Bolder", size: "Medium", color }),
      ...(words.text.length === 0 ? [] : [textElement(words.text, maxText)]),
      ...(chart === null || !receiver.spec.chart ? [] : [chartElement(chart)]),
      ...(words.next === null ? [] : [textElement(plain(`Next: ${words.next}`), maxText)]),
      ...(words.facts.length === 0 ? [] : [factsElement(words.facts)]),
      ...words.notes.map((note) => textElement(plain(note), maxText, { isSubtle: true, size: "Small" })),
      textElement(plain(words.place.join("  |  ")), MAX_TITLE, { isSubtle: true, size: "Small" }),
    ],
    actions: dashboard === undefined ? [] : [{ type: "Action.OpenUrl", title: "Dashboard", url: dashboard }],
  };
}

type Look = Readonly<Record<string, string | boolean>>;

/** Plain text goes into a TextRun, which knows no Markdown; only what has markup of the author's is a TextBlock. */
function textElement(text: Markup, maxLength: number, look: Look = {}): CardElement {
  if (!isPlain(text))
    return { type: "TextBlock", wrap: true, text: write(text, escapeMarkdown, maxLength), ...look };
  const run = { type: "TextRun", text: write(text, asItIs, maxLength), ...look };
  return { type: "RichTextBlock", inlines: [run] };
}

function factsElement(facts: readonly { readonly name: string; readonly value: string }[]): CardElement {
  return {
    type: "FactSet",
    facts: facts.map(({ name, value }) => ({
      title: name,
      value: write(plain(value), escapeMarkdown, MAX_FACT),
    })),
  };
}

/** A chart of Teams' own (https://adaptivecards.microsoft.com, Chart.Line); a client that has none shows blocks. */
function chartElement(chart: EvidenceChart): CardElement {
  const arm = (name: "canary" | "primary", color: string) => ({
    legend: name,
    color,
    values: pointsOf(chart, chart[name]),
  });
  return {
    type: "Chart.Line",
    title: chartTitle(chart),
    xAxisTitle: "UTC",
    yAxisTitle: chart.unit,
    data: [arm("canary", "attention"), arm("primary", "good")],
    fallback: {
      type: "RichTextBlock",
      inlines: [{ type: "TextRun", fontType: "Monospace", text: chartText(chart) }],
    },
  };
}

function pointsOf({ fromMs, toMs }: EvidenceChart, values: readonly (number | null)[]) {
  const stepMs = (toMs - fromMs) / Math.max(1, values.length);
  return values.flatMap((y, i) =>
    y === null ? [] : [{ x: clockTime(fromMs + (i + 1) * stepMs), y: rounded(y) }],
  );
}

function rounded(value: number): number {
  return Number(value.toPrecision(4));
}

/** Of the Markdown that TextBlock and FactSet know, what changes more than a line's look: emphasis and links. */
export const escapeMarkdown: Escape = (text) => text.replace(/[\\`*_[\]]/g, "\\$&");
