import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Command, InvalidArgumentError, Option } from "commander";
import type { CommandContext } from "./command-context.ts";
import type { PlaygroundFlags } from "./playground-flags.ts";
import { UsageError } from "./terminal.ts";

const STORY = fileURLToPath(new URL("../../examples/playground/scenario.yaml", import.meta.url));

export function addPlaygroundCommand(program: Command, context: CommandContext): void {
  program
    .command("playground")
    .description(
      "A whole cluster on this machine: API server, nodes, mesh, Prometheus, and a release to watch.",
    )
    .option("--scenario <file>", "what to play", STORY)
    .option("--speed <number|max>", "how fast time runs; max: as fast as this machine can", parseSpeed, 1)
    .addOption(new Option("--output <format>", "what to print").choices(["text", "json"]).default("text"))
    .option("--exit", "end when the scenario has ended", false)
    .addOption(
      new Option("--listen <host:port>", "where the API server listens")
        .argParser(parseAddress)
        .default({ host: "127.0.0.1", port: 0 }, "127.0.0.1, any port"),
    )
    .option(
      "--kubeconfig <path>",
      "where to write the kubeconfig",
      join(tmpdir(), "sluice-playground", "kubeconfig"),
    )
    .option("--prometheus <url>", "use this Prometheus, which scrapes the mesh's metrics page")
    .option(
      "--attach",
      "play on the API server of --kubeconfig, which has no nodes, instead of the embedded one",
      false,
    )
    .option("--no-controller", "somebody else runs the controller")
    .addOption(
      new Option("--workload-controllers <mode>", "with --attach: ours for Deployments, Services and garbage")
        .choices(["auto", "on", "off"])
        .default("auto"),
    )
    .option("--empty", "API server, workload controllers and nodes alone: no sample, no controller", false)
    .action(async (flags: PlaygroundFlags) => context.exit(await runPlayground(flags, context)));
}

async function runPlayground(flags: PlaygroundFlags, { terminal }: CommandContext): Promise<number> {
  if (flags.empty) {
    const { stayEmpty } = await import("./playground-empty.ts");
    return stayEmpty(flags, terminal);
  }
  const { loadScenarioFile } = await import("../app/scenario-file.ts");
  const loaded = await loadScenarioFile(flags.scenario).catch((error: Error) => {
    throw new UsageError(error.message);
  });
  if (flags.attach && flags.speed === "max")
    throw new UsageError("--attach runs in real time: --speed max does not go with it");
  if (flags.speed === "max") {
    const { rehearseOnTerminal } = await import("./playground-max.ts");
    return rehearseOnTerminal(loaded, flags, terminal);
  }
  const { playOnTerminal } = await import("./playground-live.ts");
  return playOnTerminal(loaded, { ...flags, speed: flags.speed }, terminal);
}

function parseSpeed(text: string): number | "max" {
  if (text === "max") return "max";
  const speed = Number(text);
  if (!(speed > 0 && speed <= 1000))
    throw new InvalidArgumentError("want a number above 0, at most 1000, or max");
  return speed;
}

function parseAddress(text: string): { readonly host: string; readonly port: number } {
  const [, host = "", digits = ""] = /^(.*):(\d+)$/.exec(text) ?? [];
  const port = Number(digits);
  if (digits === "" || port > 65_535)
    throw new InvalidArgumentError("want HOST:PORT, such as 127.0.0.1:6443");
  return { host: host === "" ? "127.0.0.1" : host.replace(/^\[(.*)\]$/, "$1"), port };
}
