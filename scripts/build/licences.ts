import type { BundledPackage } from "./packages.ts";

/** Licences under which code may be in the image without anybody having to give something in return. */
const ALLOWED =
  /^(MIT|MIT-0|ISC|0BSD|BSD-2-Clause|BSD-3-Clause|Apache-2\.0|BlueOak-1\.0\.0|Unlicense|CC0-1\.0|Python-2\.0)$/;

/** The licence list that goes with the bundle. Throws when a package's licence is not one that is allowed. */
export async function licenceText(packages: readonly BundledPackage[]): Promise<string> {
  const refused = packages.filter(({ licence }) => !isAllowed(licence));
  if (refused.length > 0) {
    const names = refused.map(({ name, licence }) => `${name} (${licence})`).join(", ");
    throw new Error(`Licences that nobody has looked at: ${names}. Allowed: ${ALLOWED.source}`);
  }
  const list = packages.map(({ name, version, licence }) => `${name}@${version}  ${licence}`);
  const texts = packages.map(
    ({ name, version, licence, text }) =>
      `${RULE}\n${name}@${version}\n${RULE}\n${text?.trim() ?? `The package ships no text; it says ${licence}.`}\n`,
  );
  return ["Sluice's bundle holds code of these packages.\n", ...list, "", ...texts].join("\n");
}

const RULE = "-".repeat(80);

/** "(MIT OR Apache-2.0)" is allowed when one of them is, "MIT AND ISC" when all are. */
function isAllowed(licence: string): boolean {
  const plain = licence.replaceAll(/[()]/g, "");
  return plain.split(" OR ").some((choice) => choice.split(" AND ").every((one) => ALLOWED.test(one.trim())));
}
