import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { COMMANDS } from "./commands.ts";
import { createProgram } from "./program.ts";
import type { Terminal } from "./terminal.ts";

const ROLLOUT = `
apiVersion: sluice.dev/v1alpha1
kind: Rollout
metadata: { name: checkout, namespace: shop }
spec:
  targetRef: { kind: Deployment, name: checkout }
  service: { port: 80 }
  traffic: { istio: { hosts: [checkout] } }
  steps: [{ weight: 10, hold: 2m }]
`;

let folder = "";

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "sluice-judge-"));
  write("rollout.yaml", ROLLOUT);
});

afterEach(() => rmSync(folder, { recursive: true }));

function write(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

const HEADER = JSON.stringify({ trace: 1, intervalSeconds: 15, about: "made by hand" });

function arm(requests: number, errors: number): object {
  return {
    requests,
    errors,
    latencyMs: { "10": Math.floor(requests * 0.98), "100": requests, "+Inf": requests },
  };
}

function row(t: number, errors: number, weight = 10): object {
  return { t, weight, canary: arm(150, errors), primary: arm(1350, 1) };
}

function trace(rows: readonly object[]): string {
  return [HEADER, ...rows.map((each) => JSON.stringify(each)), ""].join("\n");
}

function rows(count: number, errors: number): object[] {
  return Array.from({ length: count }, (_, i) => row(15 * (i + 1), errors));
}

interface Ran {
  readonly code: number;
  readonly out: readonly string[];
  readonly err: string;
}

async function sluice(args: readonly string[], input = ""): Promise<Ran> {
  let out = "";
  let err = "";
  const terminal: Terminal = {
    out: (text) => {
      out += text;
    },
    err: (text) => {
      err += text;
    },
    isScreen: false,
    columns: 80,
    readInput: async () => input,
    untilAsked: () => Promise.resolve(),
  };
  const code = await createProgram({ commands: COMMANDS, terminal }).run(args);
  return { code, out: out.split("\n").filter((line) => line !== ""), err };
}

function judge(...args: string[]): Promise<Ran> {
  return sluice(["judge", "--rollout", join(folder, "rollout.yaml"), ...args]);
}

describe("sluice judge", () => {
  it("prints a line for every row and a last one with the verdict", async () => {
    const { code, out } = await judge("--trace", write("a.jsonl", trace(rows(12, 0))));
    expect(code).toBe(0);
    expect(out).toHaveLength(13);
    expect(JSON.parse(out[0] as string)).toMatchObject({ t: 15, weight: 10, verdict: "inconclusive" });
    expect(JSON.parse(out[12] as string)).toMatchObject({ final: "pass", at: 180 });
  });

  it("names the time and the numbers of a failure", async () => {
    const { code, out } = await judge("--trace", write("a.jsonl", trace(rows(12, 45))));
    const final = JSON.parse(out.at(-1) as string);
    expect(code).toBe(0);
    expect(final).toMatchObject({ final: "fail", at: 30 });
    expect(final.reason).toContain("(90/300)");
  });

  it("reads a trace from standard input", async () => {
    const { out } = await sluice(
      ["judge", "--rollout", join(folder, "rollout.yaml"), "--trace", "-"],
      trace(rows(12, 0)),
    );
    expect(JSON.parse(out.at(-1) as string)).toMatchObject({ final: "pass" });
  });

  it("reads what an editor of another system saved: a byte order mark, CRLF, blank lines", async () => {
    const text = `\uFEFF${trace(rows(12, 0)).replaceAll("\n", "\r\n\r\n")}`;
    const { code, out } = await judge("--trace", write("a.jsonl", text));
    expect(code).toBe(0);
    expect(JSON.parse(out.at(-1) as string)).toMatchObject({ final: "pass", at: 180 });
  });

  it("takes rows before the run for the primary's history", async () => {
    const past = [-30, -15, 0].map((t) => ({ t, canary: null, primary: arm(1350, 1) }));
    const { out } = await judge("--trace", write("a.jsonl", trace([...past, ...rows(12, 0)])));
    expect(out).toHaveLength(16);
    expect(JSON.parse(out.at(-1) as string)).toMatchObject({ final: "pass" });
  });

  it("judges errors alone where the trace has no response times at all, and says so", async () => {
    const bare = rows(12, 0).map((each) => {
      const counts = { requests: 150, errors: 0 };
      return { ...each, canary: counts, primary: counts };
    });
    const { out, err } = await judge("--trace", write("a.jsonl", trace(bare)));
    expect(JSON.parse(out.at(-1) as string)).toMatchObject({ final: "pass", at: 180 });
    expect(err).toBe("sluice: latency is not in this trace and is not judged\n");
  });

  it("wants enough requests at every weight", async () => {
    const quiet = { t: 15, weight: 5, canary: arm(40, 0), primary: arm(1350, 1) };
    const { out } = await judge("--trace", write("a.jsonl", trace([quiet, ...rows(20, 0).slice(1)])));
    expect(JSON.parse(out.at(-1) as string)).toEqual({
      final: "inconclusive",
      at: 300,
      reason: "40 of 100 requests at weight 5 %",
    });
  });

  it("judges a folder, one line for each trace, by name", async () => {
    write("good.jsonl", trace(rows(12, 0)));
    write("bad.jsonl", trace(rows(12, 45)));
    const { code, out } = await judge("--batch", folder);
    expect(code).toBe(0);
    expect(out.map((line) => JSON.parse(line))).toMatchObject([
      { file: "bad.jsonl", final: "fail", at: 30 },
      { file: "good.jsonl", final: "pass", at: 180 },
    ]);
  });

  it("goes on with the other traces of a folder when one is malformed, and exits 2", async () => {
    write("a.jsonl", "nonsense");
    write("b.jsonl", trace(rows(12, 0)));
    const { code, out, err } = await judge("--batch", folder);
    expect(code).toBe(2);
    expect(out).toHaveLength(1);
    expect(err).toContain("a.jsonl:1: header: not JSON");
  });

  it("prints text for people", async () => {
    const { out } = await judge("--trace", write("a.jsonl", trace(rows(12, 0))), "--output", "text");
    expect(out[0]).toBe("made by hand");
    expect(out.at(-1)).toMatch(/^pass after 3m: success-rate: /);
  });

  it.each([
    ["{", "2: not JSON"],
    ["[1]", "2: want a row: an object with t, weight, canary and primary"],
    ['{"t":15,"weight":101,"canary":null,"primary":null}', "2: weight: want a percentage, 0 to 100"],
    ['{"t":15,"weight":10,"primary":null}', "2: canary: want an object with requests and errors, or null"],
    [
      '{"t":15,"weight":10,"canary":{"requests":-1,"errors":0},"primary":null}',
      "2: canary.requests: must not be",
    ],
    [
      '{"t":15,"weight":10,"canary":{"requests":1,"errors":2},"primary":null}',
      "2: canary.errors: 2 of 1 requests",
    ],
    ['{"t":15,"canary":null,"primary":null}', "2: weight: want a percentage"],
    [
      '{"t":15,"weight":10,"canary":{"requests":1,"errors":0,"latencyMs":{"5":1}},"primary":null}',
      "+Inf bucket is missing",
    ],
    [
      '{"t":15,"weight":10,"canary":null,"primary":null}\n{"t":15,"weight":10,"canary":null,"primary":null}',
      "3: t: 15 is not after 15",
    ],
  ])("refuses %s", async (line, message) => {
    const { code, out, err } = await judge("--trace", write("a.jsonl", `${HEADER}\n${line}\n`));
    expect(code).toBe(2);
    expect(out).toEqual([]);
    expect(err).toContain(message);
    expect(err.trim().split("\n")).toHaveLength(1);
  });

  it("refuses a Rollout that is none, and both or neither of its inputs", async () => {
    write("rollout.yaml", "kind: Service");
    expect((await judge("--trace", "x")).err).toContain("no Rollout in it");
    expect((await judge()).code).toBe(2);
    expect((await judge("--trace", "x", "--batch", "y")).code).toBe(2);
  });
});
