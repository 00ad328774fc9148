import { LineCounter, type Node, parseDocument } from "yaml";
import type { z } from "zod";
import { OperationError } from "../../lib/errors.ts";
import { type Scenario, scenarioSchema } from "./schema.ts";

/** A scenario file that cannot be run. One line a problem: file, line, path in the file, value, what is allowed. */
export class ScenarioFileError extends OperationError {
  readonly code = "ScenarioFile";
  readonly problems: readonly string[];

  constructor(problems: readonly string[], options: { readonly cause?: unknown } = {}) {
    super(problems.join("\n"), { ...options, retry: "never" });
    this.problems = problems;
  }
}

/** Rejects with every problem of the file at once. `file` is only for the messages. */
export function parseScenario(text: string, file: string): Scenario {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  if (document.errors.length > 0) {
    throw new ScenarioFileError(
      document.errors.map(
        (error) => `${file}:${lines.linePos(error.pos[0]).line}: ${error.message.split("\n", 1)[0]}`,
      ),
    );
  }
  const value: unknown = document.toJS();
  const parsed = scenarioSchema.safeParse(value, { reportInput: true });
  if (parsed.success) return parsed.data;
  const locate = (path: readonly PropertyKey[]) => {
    for (let length = path.length; length >= 0; length--) {
      const node = document.getIn(path.slice(0, length), true) as Node | undefined;
      if (node?.range) return lines.linePos(node.range[0]).line;
    }
    return 1;
  };
  const problems = parsed.error.issues.map((issue) => problemOf(issue, value));
  throw new ScenarioFileError(
    problems.map(({ path, message }) => {
      const where = path.length === 0 ? "" : `${pathText(path)}: `;
      return `${file}:${locate(path)}: ${where}${message}`;
    }),
  );
}

interface Problem {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

type Issue = z.core.$ZodIssue;

function problemOf(issue: Issue, root: unknown): Problem {
  const { path } = issue;
  // The message names the key.
  if (issue.code === "unrecognized_keys")
    return { path: [...path, issue.keys[0] ?? ""], message: issue.message };
  const want = issue.message.replace(/^Invalid input: /, "");
  // As it is written, where it is; short spellings have been expanded before the schema saw them.
  const value = valueAt(root, path) ?? issue.input;
  return { path, message: value === undefined ? `is missing; ${want}` : `${shortJson(value)}: ${want}` };
}

function valueAt(root: unknown, path: readonly PropertyKey[]): unknown {
  let value = root;
  for (const key of path) value = (value as Record<PropertyKey, unknown> | null | undefined)?.[key];
  return value;
}

/** `timeline[2].setImage`; keys with dots or slashes in brackets. */
function pathText(path: readonly PropertyKey[]): string {
  let text = "";
  for (const key of path) {
    if (typeof key === "number") text += `[${key}]`;
    else if (/^[\w-]+$/.test(String(key))) text += text === "" ? String(key) : `.${String(key)}`;
    else text += `[${JSON.stringify(String(key))}]`;
  }
  return text;
}

const LONGEST_VALUE = 60;

function shortJson(value: unknown): string {
  const text = JSON.stringify(value);
  return text.length <= LONGEST_VALUE ? text : `${text.slice(0, LONGEST_VALUE)}...`;
}
