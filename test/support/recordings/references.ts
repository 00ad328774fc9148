import { valueAtPath } from "./value-path.ts";

/** What `${ns}` and `${3.response.body...}` stand for in a replay. */
export interface References {
  readonly namespace: string;
  /** Actual answers by step. */
  readonly answers: readonly ({ readonly response: unknown } | undefined)[];
}

const REFERENCE = /\$\{([^}]+)\}/g;

export function resolveText(text: string, references: References, encode: boolean): string {
  return text.replaceAll(REFERENCE, (_match, name: string) => {
    const value = String(lookUp(name, references));
    return encode ? encodeURIComponent(value) : value;
  });
}

/** Texts in a JSON value; one that is nothing but a reference takes the value with its type. */
export function resolveValue(value: unknown, references: References): unknown {
  if (typeof value === "string") {
    const whole = /^\$\{([^}]+)\}$/.exec(value)?.[1];
    return whole === undefined ? resolveText(value, references, false) : lookUp(whole, references);
  }
  if (Array.isArray(value)) return value.map((item) => resolveValue(item, references));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [
      resolveText(name, references, false),
      resolveValue(member, references),
    ]),
  );
}

function lookUp(name: string, { namespace, answers }: References): unknown {
  if (name === "ns") return namespace;
  const dot = name.indexOf(".");
  return valueAtPath(answers[Number(name.slice(0, dot))], name.slice(dot + 1));
}
