/** A stretch of text in one look. */
export interface Span {
  readonly text: string;
  readonly isBold?: boolean;
  readonly isLink?: boolean;
}

/** A paragraph of a message: running text, or lines of fixed-width text. */
export type Paragraph =
  | { readonly kind: "text"; readonly spans: readonly Span[] }
  | { readonly kind: "code"; readonly lines: readonly string[] };

const INLINE = /\*([^*\n]+)\*|<([^|<>]+)\|([^<>]+)>/g;

/** Slack's mrkdwn as far as a notifier writes it: bold, links, fixed-width blocks, three entities. */
export function paragraphsOf(mrkdwn: string): readonly Paragraph[] {
  return mrkdwn.split("```").flatMap((part, i): Paragraph[] => {
    if (i % 2 === 1) return [{ kind: "code", lines: unescaped(part).split("\n") }];
    return part
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => ({ kind: "text", spans: spansOf(line) }));
  });
}

function spansOf(line: string): readonly Span[] {
  const spans: Span[] = [];
  let from = 0;
  for (const match of line.matchAll(INLINE)) {
    if (match.index > from) spans.push({ text: unescaped(line.slice(from, match.index)) });
    const [whole, bold, , linked] = match;
    if (bold !== undefined) spans.push({ text: unescaped(bold), isBold: true });
    else spans.push({ text: unescaped(linked ?? ""), isLink: true });
    from = match.index + whole.length;
  }
  if (from < line.length) spans.push({ text: unescaped(line.slice(from)) });
  return spans;
}

function unescaped(text: string): string {
  return text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");
}
