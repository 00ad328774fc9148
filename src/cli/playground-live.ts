import { attachServer } from "../app/playground/attached-server.ts";
import { type Addresses, Playground } from "../app/playground/playground.ts";
import type { LoadedScenario, ScenarioResult, TimelineEntry, Transition } from "../app/scenario-file.ts";
import { SystemClock } from "../lib/clock.ts";
import { actionText } from "./action-text.ts";
import { liveView } from "./live-view.ts";
import { type PlaygroundFlags, shownPath } from "./playground-flags.ts";
import { resultText } from "./playground-max.ts";
import { type StoryLine, storyText } from "./run-view.ts";
import { Screen } from "./screen.ts";
import type { Terminal } from "./terminal.ts";

type Flags = Omit<PlaygroundFlags, "speed"> & { readonly speed: number };

const REDRAW_MS = 250;
const STORY_LIMIT = 200;

/** Plays a scenario in real time: a live view on a screen, plain lines elsewhere; then the cluster is the user's. */
export async function playOnTerminal(
  loaded: LoadedScenario,
  flags: Flags,
  terminal: Terminal,
): Promise<number> {
  const teller = new Teller(flags, terminal);
  const attached = flags.attach ? await attachTo(flags) : undefined;
  const playground = await Playground.create(
    {
      attached,
      withController: flags.controller,
      loaded,
      speed: flags.speed,
      address: flags.listen,
      kubeconfigPath: flags.kubeconfig,
      prometheusUrl: flags.prometheus,
    },
    teller,
  );
  teller.watch(playground);
  const asked = terminal.untilAsked();
  const end = new AbortController();
  try {
    const story = playground.start().then((addresses) => {
      teller.open(loaded, addresses);
      return playground.play(end.signal);
    });
    const result = await Promise.race([story, asked.then(() => null)]);
    if (result === null) {
      end.abort();
      // What is under way may end with an error now; nobody wants to know.
      story.catch(() => {});
      return 0;
    }
    teller.close(result);
    if (!flags.exit) await asked;
    return result.expectations === "met" ? 0 : 1;
  } finally {
    teller.end();
    await playground.stop();
  }
}

function attachTo(flags: Flags): ReturnType<typeof attachServer> {
  const { kubeconfig, workloadControllers } = flags;
  return attachServer({ kubeconfigPath: kubeconfig, workloadControllers, clock: new SystemClock() });
}

/** Turns what happens into lines, on whichever terminal there is. */
class Teller {
  readonly #flags: Flags;
  readonly #terminal: Terminal;
  readonly #screen: Screen | null;
  readonly #story: StoryLine[] = [];
  readonly #footer: string[] = [];
  #playground: Playground | null = null;
  #timer: { cancel(): void } | null = null;

  constructor(flags: Flags, terminal: Terminal) {
    this.#flags = flags;
    this.#terminal = terminal;
    this.#screen = terminal.isScreen && flags.output === "text" ? new Screen(terminal) : null;
  }

  watch(playground: Playground): void {
    this.#playground = playground;
    if (this.#screen !== null) this.#redraw();
  }

  open(loaded: LoadedScenario, addresses: Addresses): void {
    if (this.#flags.output === "json") return;
    const { name, about } = loaded.scenario;
    const lines = [
      `${name}: ${about ?? "a scenario"}`,
      "",
      `  kubeconfig    ${shownPath(this.#flags.kubeconfig)}`,
      `  API server    ${addresses.server}`,
      `  Prometheus    ${addresses.prometheus}`,
      `  mesh metrics  ${addresses.meshMetrics}`,
      ...(addresses.controllerMetrics === null ? [] : [`  controller    ${addresses.controllerMetrics}`]),
      `  Slack         ${addresses.slack}`,
      `  load tester   ${addresses.loadTester}`,
      "",
    ];
    this.#screen?.clear();
    this.#terminal.out(`${lines.join("\n")}\n`);
  }

  close(result: ScenarioResult): void {
    if (this.#flags.output === "json") {
      this.#terminal.out(`${JSON.stringify(result)}\n`);
      return;
    }
    this.#say(`\n${resultText(result)}`);
    if (!this.#flags.exit) this.#say(invitation(this.#flags, this.#playground));
  }

  end(): void {
    this.#timer?.cancel();
    this.#timer = null;
    this.#screen?.leave();
  }

  onTransition(transition: Transition): void {
    if (this.#flags.output === "json") this.#terminal.out(`${JSON.stringify(transition)}\n`);
  }

  onAction({ action }: TimelineEntry): void {
    this.#tell({ label: "you", text: actionText(action), isWarning: false });
  }

  onEvent({ reason, message, type }: { reason: string; message: string; type: string }): void {
    this.#tell({ label: reason, text: message, isWarning: type === "Warning" });
  }

  onControllerDeath(how: string): void {
    this.#tell({ label: "controller", text: `died (${how}); it is started again`, isWarning: true });
  }

  onControllerLog(line: string): void {
    const { level, msg } = parseLog(line);
    if (level === "error") this.#tell({ label: "controller", text: msg, isWarning: true });
  }

  #tell(line: Omit<StoryLine, "atMs">): void {
    const told = { ...line, atMs: this.#playground?.clock.now() ?? 0 };
    this.#story.push(told);
    if (this.#story.length > STORY_LIMIT) this.#story.shift();
    if (this.#screen === null && this.#flags.output === "text") this.#terminal.out(`${storyText(told)}\n`);
  }

  #say(text: string): void {
    if (this.#screen === null) this.#terminal.out(`${text}\n`);
    else this.#footer.push(...text.split("\n"));
  }

  #redraw(): void {
    const playground = this.#playground;
    if (playground === null) return;
    const lines = liveView({
      nowMs: playground.clock.now(),
      rollout: playground.rollout,
      story: this.#story,
      traffic: playground.traffic(),
      columns: this.#terminal.columns,
    });
    this.#screen?.draw([...lines, ...this.#footer]);
    this.#timer = playground.clock.setTimer(REDRAW_MS * this.#flags.speed, () => this.#redraw());
  }
}

function parseLog(line: string): { readonly level: string; readonly msg: string } {
  try {
    const { level, msg } = JSON.parse(line) as { level?: unknown; msg?: unknown };
    return { level: String(level), msg: String(msg) };
  } catch {
    return { level: "error", msg: line };
  }
}

function invitation(flags: Flags, playground: Playground | null): string {
  const pid = playground?.controllerPid;
  return `
The cluster stays up until Ctrl-C. It is yours; with a kubectl of your own:

  export KUBECONFIG=${shownPath(flags.kubeconfig)}
  kubectl get rollouts -o wide
  kubectl set image deployment/checkout checkout=shop/checkout:v4      # a good one
  kubectl annotate rollout checkout sluice.dev/approve="I like it"     # when it waits for that, at 50 %
  kubectl annotate rollout checkout sluice.dev/abort="changed my mind" # and stop it
  kubectl set image deployment/checkout checkout=shop/checkout:v5      # one with a slow tail
  kubectl describe rollout checkout${pid === undefined ? "" : `\n  kill -9 ${pid}                                                          # the controller: it comes back`}
`;
}
