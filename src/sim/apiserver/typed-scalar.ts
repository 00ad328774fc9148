import { canonicalQuantity } from "./quantity.ts";

/** The body cannot be decoded; the message is Go's. Callers wrap it: 400 for a body, 422 for a patch. */
export class DecodeFailure extends Error {
  override readonly name = "DecodeFailure";
}

interface Scalar {
  /** The value in its stored form; undefined when its JSON type is another. */
  readonly read: (value: unknown) => unknown;
  readonly zero: unknown;
}

const text: Scalar = { read: (value) => (typeof value === "string" ? value : undefined), zero: "" };

function integer(bits: 32 | 64): Scalar {
  const limit = bits === 32 ? 2 ** 31 : 2 ** 63;
  return {
    read: (value) =>
      typeof value === "number" && Number.isInteger(value) && value >= -limit && value < limit
        ? value
        : undefined,
    zero: 0,
  };
}

const SCALARS: Readonly<Record<string, Scalar>> = {
  string: text,
  boolean: { read: (value) => (typeof value === "boolean" ? value : undefined), zero: false },
  int32: integer(32),
  int64: integer(64),
  number: { read: (value) => (typeof value === "number" ? value : undefined), zero: 0 },
  bytes: { read: readBytes, zero: null },
  strings: {
    read: (value) =>
      Array.isArray(value) && value.every((item) => typeof item === "string") ? [...value] : undefined,
    zero: null,
  },
  Time: { read: readTime, zero: null },
  MicroTime: { read: readMicroTime, zero: null },
  Duration: text,
  Quantity: { read: readQuantity, zero: "0" },
  IntOrString: {
    read: (value) => (typeof value === "string" || Number.isInteger(value) ? value : undefined),
    zero: 0,
  },
  any: { read: (value) => value, zero: null },
};

export function readScalar(type: string, value: unknown): unknown {
  return SCALARS[type]?.read(value);
}

export function zeroScalar(type: string): unknown {
  return SCALARS[type]?.zero;
}

function readBytes(value: unknown): unknown {
  if (typeof value !== "string") return undefined;
  const compact = value.replaceAll(/[\r\n]/g, "");
  const bad = badBase64At(compact);
  if (bad !== undefined) throw new DecodeFailure(`illegal base64 data at input byte ${bad}`);
  return compact;
}

/** Index of the first byte that Go's decoder complains about. */
function badBase64At(value: string): number | undefined {
  const body = value.replace(/={0,2}$/, "");
  const bad = body.search(/[^A-Za-z0-9+/]/);
  if (bad >= 0) return bad;
  return value.length % 4 === 0 ? undefined : body.length - (body.length % 4);
}

const RFC3339 = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(\.\d+)?(Z|[+-]\d\d:\d\d)$/;

/** As the server writes it itself, on a day that every month has: there is nothing to normalise. */
const WRITTEN = /^\d{4}-(?:0[1-9]|1[0-2])-(?:[01][1-9]|10|2[0-8])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\dZ$/;

function readTime(value: unknown): unknown {
  if (typeof value !== "string") return undefined;
  if (WRITTEN.test(value)) return value;
  const ms = RFC3339.test(value) ? Date.parse(value) : Number.NaN;
  if (Number.isNaN(ms)) throw unreadableTime(value, "2006-01-02T15:04:05Z07:00");
  return formatTime(ms);
}

function readMicroTime(value: unknown): unknown {
  if (typeof value !== "string") return undefined;
  const layout = "2006-01-02T15:04:05.000000Z07:00";
  const match = RFC3339.exec(value);
  const ms = match === null ? Number.NaN : Date.parse(value);
  if (Number.isNaN(ms)) throw unreadableTime(value, layout);
  const fraction = match?.[7] ?? "";
  if (fraction.length !== 7) throw missingFraction(value, layout, value.slice(19));
  return `${formatTime(ms).slice(0, 19)}${fraction}Z`;
}

/** Where Go's parser stops first: we know the year and the fraction, which are what people get wrong. */
function unreadableTime(value: string, layout: string): DecodeFailure {
  const elements: readonly (readonly [RegExp, string])[] = [
    [/^\d{4}/, "2006"],
    [/^-/, "-"],
    [/^\d\d/, "01"],
    [/^-/, "-"],
    [/^\d\d/, "02"],
    [/^T/, "T"],
    [/^\d\d/, "15"],
    [/^:/, ":"],
    [/^\d\d/, "04"],
    [/^:/, ":"],
    [/^\d\d/, "05"],
  ];
  let rest = value;
  for (const [pattern, name] of elements) {
    const match = pattern.exec(rest);
    if (match === null) return cannotParse(value, layout, rest, name);
    rest = rest.slice(match[0].length);
  }
  return cannotParse(value, layout, rest, "Z07:00");
}

function missingFraction(value: string, layout: string, rest: string): DecodeFailure {
  return cannotParse(value, layout, rest, ".000000");
}

function cannotParse(value: string, layout: string, rest: string, element: string): DecodeFailure {
  return new DecodeFailure(
    `parsing time ${JSON.stringify(value)} as "${layout}": cannot parse ${JSON.stringify(rest)} as "${element}"`,
  );
}

function readQuantity(value: unknown): unknown {
  const written = typeof value === "number" ? String(value) : value;
  if (typeof written !== "string") return undefined;
  const quantity = canonicalQuantity(written);
  if (quantity === undefined) {
    throw new DecodeFailure(
      "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
    );
  }
  return quantity;
}

/** metav1.Time as it is written: whole seconds, UTC. */
export function formatTime(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}
