import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { ROLLOUT_KIND } from "../src/api/kind.ts";
import { readSpec } from "../src/api/validate.ts";
import { yamlOf } from "./support/guide-yaml.ts";

const FOLDER = "docs/guides";

/** What is a Rollout, or the part of one that a guide is about. */
function rolloutsOf(guide: string): readonly Block[] {
  return yamlOf(guide).flatMap(({ line, value }) => {
    const { kind, spec } = value as Partial<Block>;
    if (spec === undefined || (kind ?? ROLLOUT_KIND) !== ROLLOUT_KIND) return [];
    return [{ title: `${guide}:${line}`, spec, ...(kind === undefined ? {} : { kind }) }];
  });
}

interface Block {
  readonly title: string;
  readonly kind?: string;
  readonly spec: Record<string, unknown>;
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
