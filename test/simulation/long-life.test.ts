import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { growthIn, type Sample } from "../../scripts/soak/growth.ts";
import { judgedNames } from "../../scripts/soak/judged.ts";

const run = promisify(execFile);

const SHELF = `
import { takeHeapCensus } from "./scripts/soak/heap-census.ts";
class Shelf {
  readonly books = new Map<string, object>();
  readonly readers = new Set<string>();
  readonly shelves: object[] = [];
}
const shelf = new Shelf();
for (let index = 0; index < 100; index++) {
  shelf.books.set("book " + index, { index });
  shelf.readers.add("reader " + index);
  shelf.shelves.push({ index });
}
for (let index = 0; index < 30; index++) shelf.books.delete("book " + index);
const { instances, collections } = await takeHeapCensus();
const counts = ["books", "readers", "shelves"].map((name) => collections.get("Shelf." + name));
console.log(instances.get("Shelf"), ...counts, shelf.books.size);
`;

function sampleOf(hour: number, count: number): Sample {
  return { hour, heapMb: 1, census: { instances: new Map([["Shelf", count]]), collections: new Map() } };
}

describe("long life", () => {
  test("a census counts what Maps, Sets and arrays hold, and not what was deleted from them", async () => {
    // In a process of its own: in this one all tests leave things behind.
    const { stdout } = await run(process.execPath, ["--input-type=module-typescript", "--eval", SHELF]);
    expect(stdout.trim()).toBe("1 70 100 100 70");
  }, 60_000);

  test("what grows is told from what wavers, and from what was filled once", () => {
    const grows = (counts: readonly number[]) =>
      growthIn(counts.map((count, hour) => sampleOf(hour, count))).length > 0;
    expect(grows([200, 201, 202, 203, 204, 205, 206, 207, 208])).toBe(true);
    expect(grows([5, 9, 7, 8, 6, 9, 7, 5, 8])).toBe(false);
    expect(grows([10, 50, 90, 100, 101, 102, 103, 104, 105])).toBe(false);
    expect(grows([7, 7, 7, 7, 7, 7, 7, 7, 7])).toBe(false);
  });

  test("the controller's classes are judged, and the world's are not", async () => {
    const isJudged = await judgedNames();
    expect(["Cache.#entries", "Memories.#byKey", "WeakRef"].every(isJudged)).toBe(true);
    expect(["GroundTruth.#sent", "Object", "Map"].some(isJudged)).toBe(false);
  });
});
