import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { describe, expect, test } from "vitest";

/** What no linter can say. */

function filesBelow(folder: string, ending: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(ending))
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => !path.includes("node_modules") && !path.includes("fixtures"));
}

const TYPESCRIPT = ["src", "test", "scripts"].flatMap((folder) => filesBelow(folder, ".ts"));
const MARKDOWN = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", ...filesBelow("docs", ".md")];

describe("imports", () => {
  test("keep to the table of docs/architecture.md, and the tool really read the modules", () => {
    const output = execFileSync(
      process.execPath,
      ["node_modules/.bin/depcruise", "--config", ".dependency-cruiser.mjs", "--output-type", "json", "src"],
      { encoding: "utf8", maxBuffer: 256 * 1024 * 1024, stdio: ["ignore", "pipe", "ignore"] },
    );
    const { modules, summary } = JSON.parse(output) as {
      modules: { source: string; dependencies: unknown[] }[];
      summary: { violations: { rule: { name: string }; from: string; to: string }[] };
    };
    expect(summary.violations.map(({ rule, from, to }) => `${rule.name}: ${from} -> ${to}`)).toEqual([]);
    const read = new Set(modules.map((module) => module.source));
    expect(TYPESCRIPT.filter((path) => path.startsWith("src/") && !read.has(path))).toEqual([]);
    expect(modules.reduce((sum, module) => sum + module.dependencies.length, 0)).toBeGreaterThan(
      modules.length,
    );
  }, 60_000);
});

describe("source files", () => {
  test("have no banned names", () => {
    const banned = /(^|\/)(utils?|helpers?|common|misc|types|base|manager|index)\.ts$/;
    expect(TYPESCRIPT.filter((path) => banned.test(path))).toEqual([]);
  });

  test("are short enough to be read", () => {
    const long = TYPESCRIPT.filter(
      (path) => !path.endsWith(".test.ts") && readFileSync(path, "utf8").split("\n").length > 400,
    );
    expect(long).toEqual([]);
  });

  test("take time and randomness from outside", () => {
    const global = /\b(Date\.now\(|new Date\(\)|Math\.random\(|setTimeout\(|setInterval\()/;
    const allowed = ["src/lib/clock.ts", "src/lib/scaled-clock.ts"];
    const offenders = TYPESCRIPT.filter(
      (path) =>
        path.startsWith("src/") &&
        !path.endsWith(".test.ts") &&
        !allowed.includes(path) &&
        global.test(readFileSync(path, "utf8")),
    );
    expect(offenders).toEqual([]);
  });

  test("leave nothing for later", () => {
    const mark = new RegExp(["TO", "DO|FIX", "ME|XX", "X"].join(""));
    expect(
      TYPESCRIPT.filter((path) => path !== "test/tidy.test.ts" && mark.test(readFileSync(path, "utf8"))),
    ).toEqual([]);
  });
});

describe("documents", () => {
  test.each(MARKDOWN)("%s has one title and no dead link", (path) => {
    const text = readFileSync(path, "utf8").replaceAll(/```[\s\S]*?```/g, "");
    expect(text.match(/^# /gm)).toHaveLength(1);
    const targets = [...text.matchAll(/\]\((?!https?:|#|mailto:)([^)#\s]+)/g)].map((match) => match[1] ?? "");
    expect(targets.filter((target) => !existsSync(normalize(join(dirname(path), target))))).toEqual([]);
  });

  test("generated files are what the schema generates", () => {
    expect(() =>
      execFileSync(process.execPath, ["scripts/codegen.ts", "--check"], { stdio: "pipe" }),
    ).not.toThrow();
  });
});
