import { ParseError } from "./errors.ts";

/** Parts of JavaScript's syntax that RE2, and so Prometheus, does not have. */
const NOT_RE2: readonly RegExp[] = [/\(\?<?[=!]/, /\\[1-9]/, /\\k</, /[*+?}]\+/];

/** RE2 spellings and what JavaScript calls them. */
const SPELLINGS: readonly (readonly [RegExp, string])[] = [
  [/\(\?P</g, "(?<"],
  [/\\A/g, "^"],
  [/\\z/g, "$"],
  [/\[\[:alpha:\]\]/g, "[A-Za-z]"],
  [/\[\[:digit:\]\]/g, "[0-9]"],
  [/\[\[:alnum:\]\]/g, "[0-9A-Za-z]"],
  [/\[\[:space:\]\]/g, "\\s"],
  [/\[\[:upper:\]\]/g, "[A-Z]"],
  [/\[\[:lower:\]\]/g, "[a-z]"],
];

/** A leading group of flags holds for the whole expression; JavaScript has it only for a group: (?i:...). */
const LEADING_FLAGS = /^\(\?([ims]+)\)/;

/**
 * Compiles a regular expression as Prometheus understands it: anchored at both ends, RE2 syntax, `.` also matches line
 * ends. Throws ParseError for what RE2 refuses.
 */
export function anchoredRegExp(source: string): RegExp {
  if (NOT_RE2.some((pattern) => pattern.test(source.replaceAll("\\\\", "")))) {
    throw new ParseError(`error parsing regexp: invalid or unsupported Perl syntax: \`${source}\``);
  }
  let text = source;
  for (const [spelling, replacement] of SPELLINGS) text = text.replaceAll(spelling, replacement);
  const flags = LEADING_FLAGS.exec(text)?.[1];
  if (flags !== undefined) text = `(?${flags.replace("s", "") || "m"}:${text.replace(LEADING_FLAGS, "")})`;
  try {
    return new RegExp(`^(?:${text})$`, "s");
  } catch (error) {
    throw new ParseError(`error parsing regexp: ${describe(error)}: \`${source}\``);
  }
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message.replace(/^Invalid regular expression: .*: /, "") : "invalid";
}

/** The texts of a plain alternation such as `a|b-1|c`; null for any other expression. */
export function plainAlternatives(source: string): ReadonlySet<string> | null {
  return /^[\w/:;,@ |-]+$/.test(source) ? new Set(source.split("|")) : null;
}
