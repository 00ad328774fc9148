import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { COMMANDS } from "../src/cli/commands.ts";
import { createCommand } from "../src/cli/program.ts";
import { VirtualClock } from "../src/lib/virtual-clock.ts";

const GUIDES = [
  "README.md",
  ...readdirSync("docs/guides")
    .filter((it) => it.endsWith(".md"))
    .map((it) => `docs/guides/${it}`),
];

interface Block {
  readonly guide: string;
  readonly language: string;
  readonly text: string;
}

const BLOCKS: readonly Block[] = GUIDES.flatMap((guide) =>
  [...readFileSync(guide, "utf8").matchAll(/^```(\w+)\n([\s\S]*?)^```/gm)].map(
    ([, language = "", text = ""]) => ({
      guide,
      language,
      text,
    }),
  ),
);

describe("what guides show", () => {
  test.each(commandsOf(BLOCKS))("is a command that sluice has: %s", (_, words) => {
    const program = createCommand(COMMANDS, { terminal: MUTE, clock: new VirtualClock(), exit: () => {} });
    const [name = "", ...rest] = words;
    const command = program.commands.find((it) => it.name() === name);
    expect(command, `sluice ${name}`).toBeDefined();
    const known = [...(command?.options ?? []), ...program.options].flatMap(({ long, short }) => [
      long,
      short,
    ]);
    const flags = rest.filter((word) => /^--?[a-z]/i.test(word)).map((word) => word.replace(/=.*/, ""));
    expect(flags.filter((flag) => !known.includes(flag))).toEqual([]);
  });

  test("sh blocks are shell that a shell can parse", () => {
    for (const { guide, text } of BLOCKS.filter(({ language }) => language === "sh"))
      expect(() => execFileSync("bash", ["-n"], { input: text.replaceAll("...", "x") }), guide).not.toThrow();
  });
});

const MUTE = { out: () => {}, err: () => {} } as never;

/** `sluice ...` lines of sh blocks, split into words. */
function commandsOf(blocks: readonly Block[]): readonly (readonly [string, readonly string[]])[] {
  return blocks
    .filter(({ language }) => language === "sh")
    .flatMap(({ guide, text }) =>
      text
        .replaceAll(/\\\n\s*/g, "")
        .split("\n")
        .map((line) => /^(?:npm run -s sluice -- |sluice |kubectl sluice )(.*)/.exec(line)?.[1])
        .filter((rest) => rest !== undefined)
        .map((rest) => {
          const plain = rest
            .replace(/\s+#.*/, "")
            .replace(/[|><;].*/, "")
            .trim();
          return [`${guide}: ${plain}`, plain.split(/\s+/)] as const;
        }),
    );
}
