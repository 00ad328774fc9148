import type { TemplatePiece } from "../api/template.ts";

/** A text on its way to a receiver: `markup` stands there as it is, `plain` is escaped for the receiver's markup. */
export type Markup = readonly Piece[];

type Piece = { readonly markup: string } | { readonly plain: string };

/** How a receiver writes plain text. Character by character: escape("ab") is escape("a") + escape("b"). */
export type Escape = (text: string) => string;

/** For places that know no markup. */
export const asItIs: Escape = (text) => text;

const ENTITIES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;" };

/** For receivers whose markup, mentions and links begin with these characters. */
export const escapeEntities: Escape = (text) =>
  text.replace(/[&<>]/g, (character) => ENTITIES[character] ?? character);

const CUT = "…";

export function plain(text: string): Markup {
  return [{ plain: text }];
}

export function isPlain(text: Markup): boolean {
  return text.every((piece) => "plain" in piece);
}

/** A template's literals are the author's markup; values are plain, and one that there is none of is empty. */
export function fromTemplate(
  pieces: readonly TemplatePiece[],
  values: Readonly<Record<string, string>>,
): Markup {
  return pieces.map((piece) =>
    "literal" in piece
      ? { markup: piece.literal }
      : { plain: Object.hasOwn(values, piece.variable) ? (values[piece.variable] ?? "") : "" },
  );
}

/**
 * The text in the receiver's markup, at most `maxLength` UTF-16 units long. What does not fit is cut between characters,
 * never within an escape sequence, and marked with an ellipsis.
 */
export function write(text: Markup, toMarkup: Escape, maxLength: number): string {
  const whole = text.map((piece) => ("plain" in piece ? toMarkup(piece.plain) : piece.markup)).join("");
  if (whole.length <= maxLength) return whole;
  let cut = "";
  for (const piece of text) {
    for (const character of "plain" in piece ? piece.plain : piece.markup) {
      const next = "plain" in piece ? toMarkup(character) : character;
      if (cut.length + next.length > maxLength - CUT.length) return `${cut}${CUT}`;
      cut += next;
    }
  }
  return cut;
}

/** Longest first: the longest text whose payload has at most `maxBytes` as JSON. */
export function withinBytes<T>(
  maxBytes: number,
  lengths: readonly number[],
  make: (maxLength: number) => T,
): T {
  for (const length of lengths.slice(0, -1)) {
    const payload = make(length);
    if (Buffer.byteLength(JSON.stringify(payload)) <= maxBytes) return payload;
  }
  return make(lengths.at(-1) ?? 0);
}
