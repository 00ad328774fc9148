import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { jsonLines } from "./json-lines.ts";

async function read(chunks: readonly Uint8Array[], maxLineChars?: number): Promise<unknown[]> {
  const source = (async function* () {
    yield* chunks;
  })();
  const values: unknown[] = [];
  for await (const value of jsonLines(source, maxLineChars)) values.push(value);
  return values;
}

describe("jsonLines", () => {
  it("yields every value, wherever the chunks are cut, even within a character", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.jsonValue()), fc.array(fc.nat(200)), async (values, cuts) => {
        const bytes = Buffer.from(values.map((value) => `${JSON.stringify(value)}\n`).join(""));
        const at = [0, ...cuts.filter((cut) => cut < bytes.length).sort((a, b) => a - b), bytes.length];
        const chunks = at.slice(1).map((end, index) => bytes.subarray(at[index], end));
        expect(await read(chunks)).toEqual(JSON.parse(JSON.stringify(values)));
      }),
    );
  });

  it("refuses a line that is no JSON, one that is cut off, and one that is too long", async () => {
    await expect(read([Buffer.from("{}\nnope\n")])).rejects.toThrow("a line is no JSON");
    await expect(read([Buffer.from('{}\n{"a":')])).rejects.toThrow("ended in the middle of a line");
    await expect(read([Buffer.from(`"${"x".repeat(50)}`)], 20)).rejects.toThrow("longer than 20 characters");
  });

  it("ignores empty lines", async () => {
    expect(await read([Buffer.from("\r\n1\n\n2\n")])).toEqual([1, 2]);
  });
});
