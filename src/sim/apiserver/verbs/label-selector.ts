import { badRequest } from "../status.ts";

export type Labels = Readonly<Record<string, string>>;

/** Tells whether an object's labels or fields are selected. */
export type Matcher = (values: Labels) => boolean;

/** Selects everything. */
export const EVERYTHING: Matcher = () => true;

type Operator = "exists" | "!" | "=" | "==" | "!=" | "in" | "notin" | "gt" | "lt";

interface Requirement {
  readonly key: string;
  readonly operator: Operator;
  readonly values: readonly string[];
}

/**
 * The matcher of a label selector such as `app=web,tier in (a,b),!legacy` (k8s.io/apimachinery/pkg/labels, Parse).
 * Fails with 400 in Kubernetes' words.
 */
export function parseLabelSelector(text: string | null | undefined): Matcher {
  if (text === null || text === undefined || text.trim() === "") return EVERYTHING;
  const requirements = new SelectorParser(text).parse();
  return (labels) => requirements.every((requirement) => satisfies(labels, requirement));
}

function satisfies(labels: Labels, { key, operator, values }: Requirement): boolean {
  const value = Object.hasOwn(labels, key) ? labels[key] : undefined;
  switch (operator) {
    case "exists":
      return value !== undefined;
    case "!":
      return value === undefined;
    case "=":
    case "==":
    case "in":
      return value !== undefined && values.includes(value);
    case "!=":
    case "notin":
      return value === undefined || !values.includes(value);
    case "gt":
    case "lt":
      return value !== undefined && compares(value, operator, values[0] ?? "");
  }
}

function compares(value: string, operator: "gt" | "lt", bound: string): boolean {
  if (!INTEGER.test(value) || !INTEGER.test(bound)) return false;
  return operator === "gt" ? Number(value) > Number(bound) : Number(value) < Number(bound);
}

const INTEGER = /^[-+]?\d+$/;
const SYMBOLS: Readonly<Record<string, Operator>> = {
  "=": "=",
  "==": "==",
  "!=": "!=",
  ">": "gt",
  "<": "lt",
};
const WORDS: ReadonlySet<string> = new Set(["in", "notin"]);

/** A key, a symbol, a word, or the end (empty text). */
const TOKEN = /\s*(==|!=|[=!<>(),]|[^\s=!<>(),]+)/y;

const EXPECTED_OPERATORS = "in, notin, =, ==, !=, gt, lt";

class SelectorParser {
  readonly #tokens: readonly string[];
  #next = 0;

  constructor(text: string) {
    const tokens: string[] = [];
    TOKEN.lastIndex = 0;
    for (let match = TOKEN.exec(text); match !== null; match = TOKEN.exec(text))
      tokens.push(match[1] as string);
    this.#tokens = tokens;
  }

  parse(): readonly Requirement[] {
    const requirements: Requirement[] = [];
    for (;;) {
      requirements.push(this.#requirement());
      const separator = this.#take();
      if (separator === "") return requirements;
      if (separator !== ",") throw unparsable(`found '${separator}', expected: ',' or 'end of string'`);
      if (this.#peek() === "") throw unparsable(`found '', expected: identifier after ','`);
    }
  }

  #requirement(): Requirement {
    const negated = this.#peek() === "!";
    if (negated) this.#take();
    const key = this.#take();
    if (!isWord(key)) throw unparsable(`found '${key}', expected: !, identifier, or 'end of string'`);
    checkKey(key);
    if (negated) return { key, operator: "!", values: [] };
    const next = this.#peek();
    if (next === "" || next === ",") return { key, operator: "exists", values: [] };
    return this.#operation(key);
  }

  #operation(key: string): Requirement {
    const token = this.#take();
    const symbol = SYMBOLS[token];
    if (symbol !== undefined) return this.#comparison(key, symbol);
    if (!WORDS.has(token)) throw unparsable(`found '${token}', expected: ${EXPECTED_OPERATORS}`);
    return { key, operator: token as Operator, values: this.#values() };
  }

  #comparison(key: string, operator: Operator): Requirement {
    const next = this.#peek();
    const value = next === "" || next === "," ? "" : this.#take();
    if (value !== "" && !isWord(value)) throw unparsable(`found '${value}', expected: identifier`);
    if ((operator === "gt" || operator === "lt") && !INTEGER.test(value)) {
      throw badRequest(
        `values[0][${key}]: Invalid value: ${JSON.stringify(value)}: for 'Gt', 'Lt' operators, the value must be an integer`,
      );
    }
    checkValue(key, value);
    return { key, operator, values: [value] };
  }

  #values(): readonly string[] {
    const open = this.#take();
    if (open !== "(") throw unparsable(`found '${open}' expected: '('`);
    const values: string[] = [];
    for (;;) {
      const next = this.#peek();
      values.push(isWord(next) ? this.#take() : "");
      const separator = this.#take();
      if (separator === ")") return values;
      if (separator !== ",") throw unparsable(`found '${separator}', expected: ',' or ')'`);
    }
  }

  #peek(): string {
    return this.#tokens[this.#next] ?? "";
  }

  #take(): string {
    const token = this.#peek();
    this.#next += 1;
    return token;
  }
}

function isWord(token: string): boolean {
  return /^[^\s=!<>(),]+$/.test(token);
}

function unparsable(text: string): Error {
  return badRequest(`unable to parse requirement: ${text}`);
}

const NAME_PART = /^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/;
const NAME_HELP =
  "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
const VALUE_HELP =
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";

function checkKey(key: string): void {
  const name = key.slice(key.indexOf("/") + 1);
  if (!NAME_PART.test(name) || name.length > 63) {
    throw unparsable(`key: Invalid value: ${JSON.stringify(key)}: ${NAME_HELP}`);
  }
}

function checkValue(key: string, value: string): void {
  if (value !== "" && !NAME_PART.test(value)) {
    throw unparsable(`values[0][${key}]: Invalid value: ${JSON.stringify(value)}: ${VALUE_HELP}`);
  }
}
