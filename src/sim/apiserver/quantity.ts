const BINARY = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"] as const;

/** Decimal suffixes by their power of ten. */
const DECIMAL: Readonly<Record<string, number>> = {
  n: -9,
  u: -6,
  m: -3,
  "": 0,
  k: 3,
  M: 6,
  G: 9,
  T: 12,
  P: 15,
  E: 18,
};

const QUANTITY = /^([+-]?)(\d*)(?:\.(\d*))?(n|u|m|k|M|G|T|P|E|[KMGTPE]i|[eE][+-]?\d+)?$/;

/**
 * A quantity as Kubernetes writes it back: no fraction, the largest suffix that leaves a whole number (`0.5` is
 * `500m`, `1024Mi` is `1Gi`); undefined when it cannot be read. Finer than a nano is rounded up.
 * (k8s.io/apimachinery/pkg/api/resource)
 */
export function canonicalQuantity(text: string): string | undefined {
  const match = QUANTITY.exec(text);
  const [, sign = "", whole = "", fraction = "", suffix = ""] = match ?? [];
  if (match === null || whole + fraction === "") return undefined;
  const digits = BigInt(`${whole}${fraction}`);
  const negative = sign === "-" && digits !== 0n ? "-" : "";
  const power = BINARY.indexOf(suffix as (typeof BINARY)[number]);
  if (suffix !== "" && power > 0) {
    const scaled = digits * 1024n ** BigInt(power);
    const divisor = 10n ** BigInt(fraction.length);
    if (scaled % divisor === 0n) return negative + binaryText(scaled / divisor);
    return negative + decimalText(scaled, -fraction.length, "");
  }
  const exponent = /^[eE]/.test(suffix) ? Number(suffix.slice(1)) : (DECIMAL[suffix] ?? 0);
  return negative + decimalText(digits, exponent - fraction.length, /^[eE]/.test(suffix) ? "e" : "");
}

function binaryText(value: bigint): string {
  let power = 0;
  let rest = value;
  while (rest !== 0n && rest % 1024n === 0n && power < BINARY.length - 1) {
    rest /= 1024n;
    power += 1;
  }
  return `${rest}${BINARY[power]}`;
}

/** `digits * 10^exponent` with the largest suffix that fits. */
function decimalText(digits: bigint, exponent: number, style: "" | "e"): string {
  let value = digits;
  let power = exponent;
  if (value === 0n) return "0";
  while (power < -9) {
    value = (value + 9n) / 10n;
    power += 1;
  }
  while (value % 10n === 0n) {
    value /= 10n;
    power += 1;
  }
  while (power % 3 !== 0 || power > 18) {
    value *= 10n;
    power -= 1;
  }
  if (style === "e") return power === 0 ? `${value}` : `${value}e${power}`;
  const suffix = Object.entries(DECIMAL).find(([, size]) => size === power)?.[0] ?? "";
  return `${value}${suffix}`;
}

/** The number that a quantity means; NaN when it cannot be read. */
export function quantityValue(text: string): number {
  const match = QUANTITY.exec(text);
  if (match === null) return Number.NaN;
  const suffix = match[4] ?? "";
  const number = Number(text.slice(0, text.length - suffix.length));
  const power = BINARY.indexOf(suffix as (typeof BINARY)[number]);
  if (power > 0) return number * 1024 ** power;
  return number * 10 ** (/^[eE]/.test(suffix) ? Number(suffix.slice(1)) : (DECIMAL[suffix] ?? 0));
}
