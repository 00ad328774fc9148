import { ParseError } from "./errors.ts";

const UNIT_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
  y: 31_536_000_000,
};

const DURATION = /^(?:\d+y)?(?:\d+w)?(?:\d+d)?(?:\d+h)?(?:\d+m(?!s))?(?:\d+s)?(?:\d+ms)?$/;

/** Milliseconds of a PromQL duration such as `1h30m`; null when the text is not one. */
export function parsePromDuration(text: string): number | null {
  if (text === "" || !DURATION.test(text)) return null;
  let total = 0;
  for (const [, amount, unit] of text.matchAll(/(\d+)(ms|[smhdwy])/g)) {
    total += Number(amount) * (UNIT_MS[unit ?? ""] ?? 0);
  }
  return total;
}

/** The value of a number literal; a duration counts in seconds. */
export function parseNumber(text: string): number {
  const plain = text.replaceAll("_", "").toLowerCase();
  if (plain === "inf") return Number.POSITIVE_INFINITY;
  if (plain === "nan") return Number.NaN;
  const durationMs = parsePromDuration(plain);
  if (durationMs !== null) return durationMs / 1_000;
  // Go reads a leading zero as octal.
  if (/^0[0-7]+$/.test(plain)) return Number.parseInt(plain, 8);
  return Number(plain);
}

const ESCAPES: Readonly<Record<string, string>> = {
  a: "\u0007",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
  "\\": "\\",
  '"': '"',
  "'": "'",
};

const ESCAPE = /\\(x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[0-7]{3}|[\s\S])/g;

/** The text of a string literal: Go's escapes inside " and ', none inside backticks. */
export function parseString(literal: string): string {
  const quote = literal[0];
  if (literal.length < 2 || literal.at(-1) !== quote) throw new ParseError("unterminated quoted string");
  const body = literal.slice(1, -1);
  if (quote === "`") return body;
  if (body.includes("\n")) throw new ParseError("unterminated quoted string");
  return body.replace(ESCAPE, (_, code: string) => escaped(code, quote === '"' ? "'" : '"'));
}

function escaped(code: string, otherQuote: string): string {
  const plain = ESCAPES[code];
  if (plain !== undefined && code !== otherQuote) return plain;
  if (/^[xuU]./.test(code)) return String.fromCodePoint(Number.parseInt(code.slice(1), 16));
  if (/^[0-7]{3}$/.test(code)) return String.fromCodePoint(Number.parseInt(code, 8));
  throw new ParseError(`unknown escape sequence U+${code.codePointAt(0)?.toString(16).padStart(4, "0")}`);
}
