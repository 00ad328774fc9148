import { rehearse } from "../app/rehearsal.ts";
import type { LoadedScenario, ScenarioResult, Transition } from "../app/scenario-file.ts";
import type { PlaygroundFlags } from "./playground-flags.ts";
import type { Terminal } from "./terminal.ts";

/** Plays a scenario on virtual time: one line a transition, and a last one that says whether it ended as expected. */
export async function rehearseOnTerminal(
  loaded: LoadedScenario,
  flags: Pick<PlaygroundFlags, "output">,
  terminal: Terminal,
): Promise<number> {
  const isJson = flags.output === "json";
  const result = await rehearse({
    loaded,
    onTransition: (transition) =>
      terminal.out(isJson ? `${JSON.stringify(transition)}\n` : `${transitionText(transition)}\n`),
  });
  terminal.out(isJson ? `${JSON.stringify(result)}\n` : `\n${resultText(result)}\n`);
  return result.expectations === "met" ? 0 : 1;
}

/** `09:03:07  Progressing 2/3   25 %  ...` */
export function transitionText({ at, phase, step, weight, reason }: Transition): string {
  const place = `${phase}${step === undefined ? "" : ` ${step}`}`;
  return `  ${at.slice(11, 19)}  ${place.padEnd(20)} ${`${weight} %`.padStart(5)}  ${reason ?? ""}`;
}

export function resultText(result: ScenarioResult): string {
  const ending = `${result.phase ?? "no Rollout"}${result.reason === null ? "" : `, ${result.reason}`}`;
  if (result.expectations === "met") return `${result.scenario}: ${ending}\nEverything went as expected.`;
  return `${result.scenario}: ${ending}\nNot as expected:\n${result.expectations.map((line) => `  - ${line}`).join("\n")}`;
}
