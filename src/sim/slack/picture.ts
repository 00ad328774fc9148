import { clockTime } from "../../lib/time.ts";
import type { SlackAttachment, SlackPost, SlackPostBlock } from "./embedded-slack.ts";
import { type Paragraph, paragraphsOf, type Span } from "./mrkdwn.ts";

/** Draws messages as Slack shows them, as SVG text: real payloads, no script, no fonts of its own. */

const WIDTH = 760;
const MARGIN = 20;
const AVATAR = 36;
const GUTTER = 12;
const INDENT = 44;
const LINE = 20;
const SMALL_LINE = 17;
/** Average width of a character, pixels. */
const CHARACTER = 7.1;
const SMALL_CHARACTER = 6.1;

interface Piece {
  readonly svg: string;
  readonly height: number;
}

/** A channel's messages; the latest thread is unfolded below its head. */
export function slackPicture(posts: readonly SlackPost[], title: string): string {
  const heads = posts.filter(({ threadTs }) => threadTs === null);
  const pieces = heads.flatMap((head) => {
    const replies = posts.filter(({ threadTs }) => threadTs === head.ts);
    const unfolded = head === heads.at(-1) ? replies : [];
    return [
      message(head, 0),
      ...(replies.length === 0 ? [] : [threadLine(replies.length)]),
      ...unfolded.map((reply) => message(reply, INDENT)),
    ];
  });
  let y = MARGIN + 30;
  const body = pieces.map(({ svg, height }) => {
    const placed = `<g transform="translate(${MARGIN} ${y})">${svg}</g>`;
    y += height + 14;
    return placed;
  });
  const height = Math.ceil(y + MARGIN);
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" font-family="Lato, 'Helvetica Neue', Arial, sans-serif" font-size="14" fill="#1d1c1d">
<rect width="${WIDTH}" height="${height}" fill="#ffffff"/>
<text x="${MARGIN}" y="${MARGIN + 10}" font-weight="bold" font-size="16">${escapeXml(title)}</text>
<line x1="0" x2="${WIDTH}" y1="${MARGIN + 22}" y2="${MARGIN + 22}" stroke="#dddddd"/>
${body.join("\n")}
</svg>
`;
}

function threadLine(replies: number): Piece {
  const text = `${replies} ${replies === 1 ? "reply" : "replies"}`;
  return {
    svg: `<text x="${AVATAR + GUTTER}" y="12" fill="#1264a3" font-weight="bold" font-size="13">${text}</text>`,
    height: 12,
  };
}

function message(post: SlackPost, indent: number): Piece {
  const left = indent + AVATAR + GUTTER;
  const avatar = `<rect x="${indent}" width="${AVATAR}" height="${AVATAR}" rx="5" fill="#0b4f6c"/><path d="M${indent + 9} 11h18M${indent + 9} 18h12M${indent + 9} 25h18" stroke="#ffffff" stroke-width="3"/>`;
  const badge = post.isBroadcast ? "also sent to the channel" : "";
  const head = `<text x="${left}" y="13"><tspan font-weight="bold">Sluice</tspan><tspan fill="#616061" font-size="10" dx="6">APP</tspan><tspan fill="#616061" font-size="12" dx="6">${clockTime(post.atMs).slice(0, 5)}</tspan><tspan fill="#616061" font-size="12" dx="8">${badge}</tspan></text>`;
  let y = 18;
  const parts = [avatar, head];
  const add = (piece: Piece) => {
    parts.push(`<g transform="translate(${left} ${y})">${piece.svg}</g>`);
    y += piece.height;
  };
  for (const piece of texts(post.text, WIDTH - 2 * MARGIN - left)) add(piece);
  for (const part of post.attachments) add(attachment(part, WIDTH - 2 * MARGIN - left));
  return { svg: parts.join(""), height: Math.max(y, AVATAR) };
}

function attachment({ color = "#dddddd", blocks = [] }: SlackAttachment, width: number): Piece {
  const pieces = blocks.flatMap((block) => blockPieces(block, width - 16));
  let y = 6;
  const placed = pieces.map(({ svg, height }) => {
    const group = `<g transform="translate(16 ${y})">${svg}</g>`;
    y += height + 3;
    return group;
  });
  return {
    svg: `<rect y="6" width="4" height="${y - 6}" rx="2" fill="${escapeXml(color)}"/>${placed.join("")}`,
    height: y,
  };
}

function blockPieces(block: SlackPostBlock, width: number): readonly Piece[] {
  if (block.fields !== undefined) return [fieldsPiece(block.fields, width)];
  if (block.type === "context") return (block.elements ?? []).flatMap(({ text }) => texts(text, width, true));
  return texts(block.text?.text ?? "", width);
}

/** Two columns, as Slack has them. */
function fieldsPiece(fields: readonly { readonly text: string }[], width: number): Piece {
  const cells = fields.map(({ text }, i) => {
    const [name, value] = paragraphsOf(text).map((paragraph) => textLine(spansIn(paragraph), false));
    const x = (i % 2) * (width / 2);
    const y = Math.floor(i / 2) * (2 * LINE + 4);
    return `<g transform="translate(${x} ${y})">${at(name ?? "", 14)}${at(value ?? "", 14 + LINE)}</g>`;
  });
  return { svg: cells.join(""), height: Math.ceil(fields.length / 2) * (2 * LINE + 4) };
}

function texts(mrkdwn: string, width: number, isSmall = false): readonly Piece[] {
  return paragraphsOf(mrkdwn).map((paragraph) =>
    paragraph.kind === "code"
      ? codePiece(paragraph.lines, width)
      : textPiece(paragraph.spans, width, isSmall),
  );
}

function codePiece(lines: readonly string[], width: number): Piece {
  const height = lines.length * 18 + 12;
  const rows = lines.map(
    (line, i) =>
      `<text x="8" y="${20 + i * 18}" font-family="Menlo, Consolas, monospace" font-size="12" xml:space="preserve">${escapeXml(line)}</text>`,
  );
  return {
    svg: `<rect width="${width}" height="${height}" rx="3" fill="#f8f8f8" stroke="#dddddd"/>${rows.join("")}`,
    height: height + 2,
  };
}

function textPiece(spans: readonly Span[], width: number, isSmall: boolean): Piece {
  const lines = wrapped(spans, Math.floor(width / (isSmall ? SMALL_CHARACTER : CHARACTER)));
  const step = isSmall ? SMALL_LINE : LINE;
  return {
    svg: lines.map((line, i) => at(textLine(line, isSmall), 14 + i * step)).join(""),
    height: lines.length * step,
  };
}

/** Breaks at spaces, as well as widths can be guessed. */
function wrapped(spans: readonly Span[], maxLength: number): readonly (readonly Span[])[] {
  const lines: Span[][] = [[]];
  let length = 0;
  for (const span of spans) {
    for (const word of span.text.split(/(?<= )/)) {
      if (length > 0 && length + word.trimEnd().length > maxLength) {
        lines.push([]);
        length = 0;
      }
      lines.at(-1)?.push({ ...span, text: word });
      length += word.length;
    }
  }
  return lines;
}

function textLine(spans: readonly Span[], isSmall: boolean): string {
  const parts = spans.map(({ text, isBold, isLink }) => {
    const look = `${isBold === true ? ' font-weight="bold"' : ""}${isLink === true ? ' fill="#1264a3"' : ""}`;
    return `<tspan${look}>${escapeXml(text)}</tspan>`;
  });
  return `<text xml:space="preserve"${isSmall ? ' fill="#616061" font-size="12"' : ""} y="0">${parts.join("")}</text>`;
}

function at(text: string, y: number): string {
  return text.replace('y="0"', `y="${y}"`);
}

function spansIn(paragraph: Paragraph): readonly Span[] {
  return paragraph.kind === "text" ? paragraph.spans : [{ text: paragraph.lines.join(" ") }];
}

function escapeXml(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}
