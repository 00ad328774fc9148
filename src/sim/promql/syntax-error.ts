import type { Tree } from "@lezer/common";
import { ParseError } from "./errors.ts";

/** A ParseError at a position of the query: `line:column: parse error: message`. */
export function located(query: string, position: number, message: string): ParseError {
  const before = query.slice(0, position);
  const line = before.split("\n").length;
  const column = position - (before.lastIndexOf("\n") + 1) + 1;
  return new ParseError(`${line}:${column}: parse error: ${message}`);
}

/** The parser goes on after errors; this tells the first one in words like Prometheus', or null if there is none. */
export function explainSyntaxError(query: string, tree: Tree): ParseError | null {
  let position = -1;
  tree.iterate({
    enter: (node) => {
      if (node.type.isError && (position < 0 || node.from < position)) position = node.from;
      return position < 0 || node.from <= position;
    },
  });
  if (position < 0) return null;
  if (query.trim() === "")
    return new ParseError("unknown position: parse error: no expression found in input");
  const found = skipBlanks(query, position);
  const called = query[found] === "(" ? WORD_BEFORE.exec(query.slice(0, found)) : null;
  if (called?.[1] !== undefined)
    return located(query, called.index, `unknown function with name "${called[1]}"`);
  return located(query, position, describe(query, found));
}

const WORD_BEFORE = /([a-zA-Z_:][a-zA-Z0-9_:]*)\s*$/;

function describe(query: string, position: number): string {
  const next = query[position];
  if (next === undefined) {
    const open = unclosed(query);
    if (open === null) return "unexpected end of input";
    return open === '"' || open === "'" || open === "`"
      ? "unterminated quoted string"
      : (UNCLOSED[open] ?? "unexpected end of input");
  }
  const word = /^[a-zA-Z_:][a-zA-Z0-9_:]*/.exec(query.slice(position))?.[0];
  if (word !== undefined) return `unexpected identifier "${word}"`;
  const number = /^[0-9.]+[a-z]*/.exec(query.slice(position))?.[0];
  if (number !== undefined) return `unexpected number "${number}"`;
  return "\"'`(){}[],:=!<>+-*/%^@".includes(next)
    ? `unexpected "${next}"`
    : `unexpected character: '${next}'`;
}

const UNCLOSED: Readonly<Record<string, string>> = {
  "(": "unclosed left parenthesis",
  "{": "unexpected end of input inside braces",
  "[": "unexpected end of input in duration expression",
};

const CLOSES: Readonly<Record<string, string>> = { ")": "(", "]": "[", "}": "{" };

/** The last bracket or quote that is still open at the end of the text. */
function unclosed(query: string): string | null {
  const open: string[] = [];
  for (let i = 0; i < query.length; i++) {
    const char = query[i] as string;
    const inside = open.at(-1);
    if (inside === '"' || inside === "'" || inside === "`") {
      if (char === "\\" && inside !== "`") i += 1;
      else if (char === inside) open.pop();
    } else if ("([{\"'`".includes(char)) open.push(char);
    else if (CLOSES[char] !== undefined && CLOSES[char] === inside) open.pop();
  }
  return open.at(-1) ?? null;
}

function skipBlanks(query: string, position: number): number {
  return position + (/^\s*/.exec(query.slice(position))?.[0].length ?? 0);
}
