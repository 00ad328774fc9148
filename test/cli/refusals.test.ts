import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { COMMANDS } from "../../src/api/command.ts";
import { CliCluster } from "../support/cli-cluster.ts";
import { type Ran, transcript } from "../support/command-line.ts";
import { STATUSES } from "../support/released-rollouts.ts";

let cluster: CliCluster;

beforeAll(async () => {
  cluster = await CliCluster.start();
  await cluster.release("checkout", STATUSES.stepping);
});

afterAll(() => cluster.stop());

/** Every command that speaks to a cluster. */
function commandsOn(name: string): readonly (readonly string[])[] {
  const at = [name, "-n", "shop"];
  return [
    ["get", ...at],
    ["status", ...at],
    ["status", ...at, "--watch"],
    ["explain", ...at],
    ["history", ...at],
    ["wait", ...at, "--revision", "7d9f", "--timeout", "50ms"],
    ...COMMANDS.map((command) => [command, ...at]),
    ["promote", ...at, "--step"],
  ];
}

const LISTS: readonly (readonly string[])[] = [
  ["get", "-n", "shop"],
  ["get", "-A"],
  ["lint", "--live", "-n", "shop"],
];

interface Case {
  readonly commands: readonly (readonly string[])[];
  readonly exit: number;
  /** What is to be done to the kubeconfig. */
  readonly kubeconfig?: (text: string) => string;
}

const withoutToken = (text: string) => text.replace(/ *token: .*\n/, "");

/** Each is one file of test/transcripts: all commands, one after the other. */
const CASES: Readonly<Record<string, Case>> = {
  "refused-wrong-name": { commands: commandsOn("chekout"), exit: 3 },
  "refused-no-permission": {
    commands: [...LISTS, ...commandsOn("checkout")],
    exit: 6,
    kubeconfig: withoutToken,
  },
  "refused-no-cluster": {
    commands: [...LISTS, ...commandsOn("checkout")],
    exit: 7,
    kubeconfig: (text) => text.replace(/server: .*/, "server: https://127.0.0.1:1"),
  },
  "refused-stale-revision": {
    commands: COMMANDS.map((command) => [command, "checkout", "-n", "shop", "--revision", "5c6b7d8f9"]),
    exit: 4,
  },
};

describe("every command that speaks to a cluster", () => {
  for (const [name, { commands, exit, kubeconfig }] of Object.entries(CASES)) {
    test(`tells in one line what is wrong, and exits with ${exit}: ${name}`, async () => {
      const options = kubeconfig === undefined ? {} : { kubeconfig: await cluster.kubeconfig(kubeconfig) };
      const told: string[] = [];
      for (const args of commands) {
        const ran = await cluster.run(args, options);
        told.push(transcript(args, ran));
        expect.soft({ args, ...shape(ran) }).toEqual({ args, code: exit, lines: 1, out: "" });
      }
      await expect(told.join("\n")).toMatchFileSnapshot(`../transcripts/${name}.txt`);
    });
  }
});

function shape({ code, out, err }: Ran): object {
  return { code, out, lines: err.trimEnd().split("\n").length };
}

describe("somebody who may read and not write", () => {
  test("sees everything, and is told that it may not give commands", async () => {
    await cluster.letRead("reader");
    const kubeconfig = await cluster.kubeconfig((text) => text.replace(/( *)token: .*/, "$&\n$1as: reader"));
    const told: string[] = [];
    for (const args of [["get"], ["abort", "checkout"], ["approve", "checkout", "--no-wait"]]) {
      const ran = await cluster.run([...args, "-n", "shop"], { kubeconfig });
      told.push(transcript([...args, "-n", "shop"], ran));
    }
    await expect(told.join("\n")).toMatchFileSnapshot("../transcripts/refused-read-only.txt");
  });
});

describe("a cluster without Sluice", () => {
  test("is told to have no CRD", async () => {
    const bare = await CliCluster.start({ hasCrd: false });
    try {
      const told: string[] = [];
      for (const args of [["get"], ["status", "checkout"], ["abort", "checkout"]]) {
        const ran = await bare.run([...args, "-n", "shop"]);
        expect(shape(ran)).toEqual({ code: 3, lines: 1, out: "" });
        told.push(transcript([...args, "-n", "shop"], ran));
      }
      await expect(told.join("\n")).toMatchFileSnapshot("../transcripts/refused-no-crd.txt");
    } finally {
      await bare.stop();
    }
  });
});

describe("a command called wrongly", () => {
  test("tells in a line or two what it wants", async () => {
    const wrong = [
      ["abrot", "checkout"],
      ["abort"],
      ["get", "-o", "table"],
      ["wait", "checkout", "--revision", "7d9f", "--timeout", "soon"],
      ["wait", "checkout", "--revision", "7d9f", "--for", "ever"],
      ["promote", "checkout", "--step", "--full"],
      ["lint"],
      ["lint", "-f", "no-such-file.yaml"],
      ["render"],
      ["judge", "--rollout", "no-such-file.yaml", "--trace", "-"],
      ["backtest"],
      ["completion", "tcsh"],
    ];
    const told: string[] = [];
    for (const args of wrong) {
      const ran = await cluster.runAsItIs(args);
      expect.soft({ args, code: ran.code }).toEqual({ args, code: 2 });
      told.push(transcript(args, ran));
    }
    await expect(told.join("\n")).toMatchFileSnapshot("../transcripts/called-wrongly.txt");
  });
});

describe("output for programs", () => {
  test("has the format asked for", async () => {
    const outputs: string[] = [];
    for (const command of ["get", "status", "explain", "history"]) {
      for (const format of ["json", "yaml", "wide", "name"]) {
        const { code, out } = await cluster.run([command, "checkout", "-n", "shop", "-o", format]);
        if (format === "json" && code === 0) JSON.parse(out);
        outputs.push(`${command} -o ${format}: exit ${code}, ${code === 0 ? out.split("\n")[0] : "refused"}`);
      }
    }
    expect(outputs).toMatchInlineSnapshot(`
      [
        "get -o json: exit 0, {",
        "get -o yaml: exit 0, apiVersion: v1",
        "get -o wide: exit 0, NAME       PHASE         STEP   WEIGHT   VERDICT        REVISION    AGE   IMAGE              MESSAGE",
        "get -o name: exit 0, rollout.sluice.dev/checkout",
        "status -o json: exit 0, {",
        "status -o yaml: exit 0, apiVersion: sluice.dev/v1alpha1",
        "status -o wide: exit 0, shop/checkout  Progressing  shop/checkout:v2 for 4m10s",
        "status -o name: exit 0, rollout.sluice.dev/checkout",
        "explain -o json: exit 0, {",
        "explain -o yaml: exit 0, because:",
        "explain -o wide: exit 0, Run 7 releases shop/checkout:v2 (revision 7d9f8c6b5) since 09:00:00 UTC, in place of shop/checkout:v1. It is at step 2 of 3 and gets 25 % of requests since 09:03:00 UTC. Callers were seen to send it 24.6 % of 1,248 requests; the hold runs since 09:03:00 UTC.",
        "explain -o name: exit 0, rollout.sluice.dev/checkout",
        "history -o json: exit 0, [",
        "history -o yaml: exit 0, - approvals:",
        "history -o wide: exit 0, RUN   STARTED                TOOK     RESULT      REASON         MAX    REVISION    IMAGE              MESSAGE",
        "history -o name: exit 0, rollout.sluice.dev/checkout",
      ]
    `);
  });
});
