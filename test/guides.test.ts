import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { ROLLOUT_KIND } from "../src/api/kind.ts";
import { readSpec } from "../src/api/validate.ts";

const FOLDER = "docs/guides";

interface Block {
  readonly title: string;
  readonly kind?: string;
  readonly spec: Record<string, unknown>;
}

/** YAML of a guide that is a Rollout, or the part of one that it is about. */
function rolloutsOf(file: string): readonly Block[] {
  const text = readFileSync(file, "utf8");
  return [...text.matchAll(/^```yaml\n(.*?)^```/gms)].flatMap(({ 1: yaml = "", index }) => {
    const line = text.slice(0, index).split("\n").length;
    const found = parse(yaml) as Partial<Block> | null;
    if (found?.spec === undefined || (found.kind ?? ROLLOUT_KIND) !== ROLLOUT_KIND) return [];
    return [{ ...found, title: `${file}:${line}`, spec: found.spec }];
  });
}

const GUIDES = readdirSync(FOLDER)
  .filter((file) => file.endsWith(".md"))
  .map((file) => join(FOLDER, file));

const BLOCKS = ["README.md", ...GUIDES].flatMap(rolloutsOf);

/** What every Rollout has, and a guide need not repeat. */
const USUAL = { targetRef: { name: "checkout" }, service: { port: 80 }, traffic: { istio: {} } };

const WAYS = ["steps", "ramp", "ab", "blueGreen"];

describe("a Rollout in the guides can be carried out", () => {
  test.each(BLOCKS)("$title", ({ kind, spec }) => {
    const hasWay = WAYS.some((way) => way in spec);
    const whole =
      kind === undefined ? { ...USUAL, ...(hasWay ? {} : { steps: [{ weight: 10 }] }), ...spec } : spec;
    const reading = readSpec(whole);
    expect(reading.ok ? [] : reading.problems).toEqual([]);
  });

  test("of which there are some", () => {
    expect(BLOCKS.length).toBeGreaterThan(5);
  });
});
