import { parse as parseYaml } from "yaml";
import type { DecodeReport } from "./decode-report.ts";

/** A text that is no JSON or YAML; the message is that of Go's parser. */
export class UnreadableText extends Error {
  override readonly name = "UnreadableText";
}

/** The value of a JSON text; members that stand there twice are reported, and the last one counts. */
export function readJson(text: string, report?: DecodeReport): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new UnreadableText(goMessage(text, error as Error), { cause: error });
  }
  if (report !== undefined) reportDuplicates(text, report);
  return value;
}

/** The value of a YAML text (JSON is YAML as well). */
export function readYaml(text: string): unknown {
  try {
    return parseYaml(text, { uniqueKeys: false, maxAliasCount: 100, logLevel: "error" }) ?? null;
  } catch (error) {
    throw new UnreadableText("yaml: did not find expected node content", { cause: error });
  }
}

/** What V8 expected, and how Go says it. */
const EXPECTATIONS: readonly (readonly [RegExp, string])[] = [
  [/property name/, "looking for beginning of object key string"],
  [/',' or '}'/, "after object key:value pair"],
  [/',' or ']'/, "after array element"],
  [/Expected ':'/, "after object key"],
  [/non-whitespace/, "after top-level value"],
];

function goMessage(text: string, error: Error): string {
  const position = Number(/at position (\d+)/.exec(error.message)?.[1] ?? Number.NaN);
  const literal = brokenLiteral(text.trim());
  if (literal !== undefined) return literal;
  const atEnd = /end of JSON|Unterminated/.test(error.message) || position >= text.trimEnd().length;
  if (atEnd) return "unexpected end of JSON input";
  const token = /Unexpected token '(.)'/su.exec(error.message)?.[1] ?? text[position] ?? text[0] ?? "";
  const expectation = EXPECTATIONS.find(([pattern]) => pattern.test(error.message));
  return `invalid character '${token}' ${expectation?.[1] ?? "looking for beginning of value"}`;
}

/** Go says which literal it was reading. */
function brokenLiteral(text: string): string | undefined {
  const literal = ["null", "true", "false"].find(
    (known) => known.startsWith(text.slice(0, 1)) && text !== "",
  );
  if (literal === undefined) return undefined;
  const index = [...literal].findIndex((letter, place) => text[place] !== letter);
  if (index < 0 || index >= text.length) return undefined;
  return `invalid character '${text[index]}' in literal ${literal} (expecting '${literal[index]}')`;
}

const TOKEN = /"(?:[^"\\]|\\.)*"|[[\]{},:]/gs;

interface Level {
  /** Path of the object or array; its members' paths begin with it. */
  readonly path: string;
  /** Names seen so far; undefined for an array. */
  readonly names: Set<string> | undefined;
  index: number;
  name: string;
  expectsName: boolean;
}

/** One pass over the tokens of a text that is known to be JSON. */
function reportDuplicates(text: string, report: DecodeReport): void {
  const levels: Level[] = [];
  for (const [token] of text.matchAll(TOKEN)) {
    const level = levels.at(-1);
    if (token === "{" || token === "[") levels.push(openLevel(token, level));
    else if (token === "}" || token === "]") levels.pop();
    else if (level === undefined) continue;
    else if (token === ",") {
      level.index += 1;
      level.expectsName = level.names !== undefined;
    } else if (token === ":") level.expectsName = false;
    else if (level.expectsName && level.names !== undefined) readName(token, level, level.names, report);
  }
}

function openLevel(token: string, parent: Level | undefined): Level {
  return {
    path: parent === undefined ? "" : memberPath(parent),
    names: token === "{" ? new Set() : undefined,
    index: 0,
    name: "",
    expectsName: token === "{",
  };
}

function memberPath(level: Level): string {
  if (level.names === undefined) return `${level.path}[${level.index}]`;
  return level.path === "" ? level.name : `${level.path}.${level.name}`;
}

function readName(token: string, level: Level, names: Set<string>, report: DecodeReport): void {
  level.name = JSON.parse(token) as string;
  if (names.has(level.name)) report.duplicateField(memberPath(level));
  names.add(level.name);
}
