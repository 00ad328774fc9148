import { Environment } from "@marcbachmann/cel-js";
import { canonicalQuantity, quantityValue } from "../quantity.ts";

/** Values of Kubernetes' own CEL types. */
class CelUrl {
  readonly url: URL;

  constructor(text: string) {
    this.url = new URL(text);
  }
}

class CelQuantity {
  readonly value: number;

  constructor(text: string) {
    if (canonicalQuantity(text) === undefined) throw new Error(`invalid quantity: ${text}`);
    this.value = quantityValue(text);
  }
}

type Comparable = bigint | number | string | Date;

/**
 * CEL as Kubernetes extends it for validation rules: lists (isSorted, sum, min, max, indexOf), strings (replace,
 * charAt), regular expressions (find, findAll), URLs and quantities (k8s.io/apiserver/pkg/cel/library).
 */
function createEnvironment(): Environment {
  const environment = new Environment({
    unlistedVariablesAreDyn: true,
    enableOptionalTypes: true,
    homogeneousAggregateLiterals: false,
  });
  registerLists(environment);
  registerStrings(environment);
  registerUrls(environment);
  registerQuantities(environment);
  return environment;
}

function registerLists(environment: Environment): void {
  environment
    .registerFunction("list.isSorted(): bool", (list: readonly Comparable[]) =>
      list.every((item, index) => index === 0 || (list[index - 1] as Comparable) <= item),
    )
    .registerFunction("list.sum(): dyn", (list: readonly (bigint | number)[]) =>
      typeof list[0] === "number"
        ? (list as readonly number[]).reduce((sum, item) => sum + item, 0)
        : (list as readonly bigint[]).reduce((sum, item) => sum + item, 0n),
    )
    .registerFunction("list.min(): dyn", (list: readonly Comparable[]) =>
      extreme(list, "min", (a, b) => a < b),
    )
    .registerFunction("list.max(): dyn", (list: readonly Comparable[]) =>
      extreme(list, "max", (a, b) => a > b),
    )
    .registerFunction("list.indexOf(dyn): int", (list: readonly unknown[], item: unknown) =>
      BigInt(list.indexOf(item)),
    )
    .registerFunction("list.lastIndexOf(dyn): int", (list: readonly unknown[], item: unknown) =>
      BigInt(list.lastIndexOf(item)),
    );
}

function extreme(
  list: readonly Comparable[],
  name: string,
  isBetter: (a: Comparable, b: Comparable) => boolean,
): Comparable {
  const [first, ...rest] = list;
  if (first === undefined) throw new Error(`${name} called on empty list`);
  return rest.reduce((best, item) => (isBetter(item, best) ? item : best), first);
}

function registerStrings(environment: Environment): void {
  environment
    .registerFunction("string.replace(string, string): string", (text: string, from: string, to: string) =>
      text.replaceAll(from, () => to),
    )
    .registerFunction(
      "string.replace(string, string, int): string",
      (text: string, from: string, to: string, limit: bigint) => replaceFirst(text, from, to, Number(limit)),
    )
    .registerFunction(
      "string.charAt(int): string",
      (text: string, index: bigint) => [...text][Number(index)] ?? "",
    )
    .registerFunction(
      "string.find(string): string",
      (text: string, pattern: string) => new RegExp(pattern, "u").exec(text)?.[0] ?? "",
    )
    .registerFunction("string.findAll(string): list", (text: string, pattern: string) =>
      [...text.matchAll(new RegExp(pattern, "gu"))].map((match) => match[0]),
    );
}

function replaceFirst(text: string, from: string, to: string, limit: number): string {
  if (limit < 0) return text.replaceAll(from, () => to);
  let replaced = text;
  let position = 0;
  for (let count = 0; count < limit; count++) {
    const found = replaced.indexOf(from, position);
    if (found < 0) break;
    replaced = replaced.slice(0, found) + to + replaced.slice(found + from.length);
    position = found + to.length;
  }
  return replaced;
}

function registerUrls(environment: Environment): void {
  environment
    .registerType("kubernetes.URL", CelUrl)
    .registerFunction("url(string): kubernetes.URL", (text: string) => new CelUrl(text))
    .registerFunction("isURL(string): bool", (text: string) => URL.canParse(text))
    .registerFunction("kubernetes.URL.getScheme(): string", ({ url }: CelUrl) =>
      url.protocol.replace(/:$/, ""),
    )
    .registerFunction("kubernetes.URL.getHost(): string", ({ url }: CelUrl) => url.host)
    .registerFunction("kubernetes.URL.getHostname(): string", ({ url }: CelUrl) => url.hostname)
    .registerFunction("kubernetes.URL.getPort(): string", ({ url }: CelUrl) => url.port)
    .registerFunction("kubernetes.URL.getEscapedPath(): string", ({ url }: CelUrl) => url.pathname);
}

function registerQuantities(environment: Environment): void {
  environment
    .registerType("kubernetes.Quantity", CelQuantity)
    .registerFunction("quantity(string): kubernetes.Quantity", (text: string) => new CelQuantity(text))
    .registerFunction("isQuantity(string): bool", (text: string) => canonicalQuantity(text) !== undefined)
    .registerFunction(
      "kubernetes.Quantity.isGreaterThan(kubernetes.Quantity): bool",
      (a: CelQuantity, b: CelQuantity) => a.value > b.value,
    )
    .registerFunction(
      "kubernetes.Quantity.isLessThan(kubernetes.Quantity): bool",
      (a: CelQuantity, b: CelQuantity) => a.value < b.value,
    )
    .registerFunction(
      "kubernetes.Quantity.compareTo(kubernetes.Quantity): int",
      (a: CelQuantity, b: CelQuantity) => BigInt(Math.sign(a.value - b.value)),
    )
    .registerFunction("kubernetes.Quantity.asInteger(): int", ({ value }: CelQuantity) =>
      BigInt(Math.trunc(value)),
    )
    .registerFunction("kubernetes.Quantity.asApproximateFloat(): double", ({ value }: CelQuantity) => value);
}

/** Shared by all rules: nothing is registered once it is made. */
export const CEL: Pick<Environment, "parse"> = createEnvironment();
