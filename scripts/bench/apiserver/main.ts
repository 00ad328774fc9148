import type { BenchArgs } from "../../bench.ts";
import { type Measured, measure, SIZES } from "./measure.ts";
import { PLACES } from "./places.ts";

/** Deployments in the store. */
const OBJECTS = 1_000;
/** Made before anything is measured, on a server of their own: the compiler warms up. */
const WARM_UP = 200;

/** Prints a table: what the embedded API server manages in-process and over HTTPS, client and server in one process. */
export async function main({ scale, filter }: BenchArgs): Promise<void> {
  const objects = Math.max(SIZES.rare, Math.round(OBJECTS * scale));
  const columns = new Map<string, Measured>();
  for (const [name, open] of Object.entries(PLACES)) {
    if (!name.includes(filter)) continue;
    for (const count of [WARM_UP, objects]) {
      const place = await open();
      columns.set(name, await measure(place.client, count));
      await place.close();
    }
  }
  console.log(table(objects, columns));
}

function table(objects: number, columns: ReadonlyMap<string, Measured>): string {
  const total = grouped(objects);
  const rows: readonly (readonly [string, (measured: Measured) => number])[] = [
    ["creates/s", ({ creates }) => creates],
    ["updates/s (merge patch)", ({ updates }) => updates],
    [`lists/s of ${total}`, ({ lists }) => lists],
    [`lists/s by a label of 1 in ${SIZES.rare}`, ({ selectedLists }) => selectedLists],
    [`watch events/s to ${SIZES.watchers} watchers`, ({ watchEvents }) => watchEvents],
    ["heap per 1,000 objects, KB", ({ bytesPerObject }) => bytesPerObject],
  ];
  const names = [...columns.keys()];
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return [
    line([`${total} Deployments, ${SIZES.inFlight} requests at once`, ...names]),
    line(["---", ...names.map(() => "---:")]),
    ...rows.map(([title, of]) => line([title, ...[...columns.values()].map((each) => grouped(of(each)))])),
  ].join("\n");
}

function grouped(value: number): string {
  return Math.round(value).toLocaleString("en");
}
