import { ParseError } from "./errors.ts";

/** Parts of JavaScript's syntax that RE2, and so Prometheus, does not have. */
const NOT_RE2: readonly RegExp[] = [/\(\?<?[=!]/, /\\[1-9]/, /\\k</, /[*+?}]\+/];

/** RE2 spellings and what JavaScript calls them. */
const SPELLINGS: Readonly<Record<string, string>> = {
  "(?P<": "(?<",
  "\\A": "^",
  "\\z": "$",
  "[[:alpha:]]": "[A-Za-z]",
  "[[:digit:]]": "[0-9]",
  "[[:alnum:]]": "[0-9A-Za-z]",
  "[[:space:]]": "\\s",
  "[[:upper:]]": "[A-Z]",
  "[[:lower:]]": "[a-z]",
};

/** An escape is one token, so that an escaped backslash before a z is not taken for the end of the text. */
const TOKEN = /\\[\s\S]|\(\?P<|\[\[:[a-z]+:\]\]/g;

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
  let text = source.replaceAll(TOKEN, (token) => SPELLINGS[token] ?? token);
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
