import { readFile } from "node:fs/promises";
import { ClusterSession } from "../../src/app/cluster-session.ts";
import { rehearse } from "../../src/app/rehearsal.ts";
import { statusView } from "../../src/cli/status-view.ts";
import { RestClient } from "../../src/kube/rest-client.ts";
import type { Transport } from "../../src/kube/transport.ts";
import { SystemClock } from "../../src/lib/clock.ts";
import { parseTime } from "../../src/lib/time.ts";
import { loadScenario } from "../../src/sim/scenario/load.ts";
import { COLUMNS, terminalPicture } from "./terminal.ts";

const KEY = { namespace: "shop", name: "checkout" };
/** How long a frame stays. */
const SECONDS = { usual: 1.6, last: 6 } as const;

/**
 * `sluice status checkout --watch` while the playground's story plays, a good release and a bad one: what a terminal showed.
 * Colours are there with FORCE_COLOR, as `npm run pictures` sets it.
 */
export async function releaseRecording(): Promise<string> {
  const loaded = await loadScenario("examples/playground/scenario.yaml", (path) => readFile(path, "utf8"));
  let session: ClusterSession | undefined;
  const views: Promise<readonly string[] | null>[] = [];
  const result = await rehearse({
    loaded,
    network: (server) => {
      session ??= sessionOf(server);
      return server;
    },
    onTransition: ({ at }) => {
      if (session !== undefined) views.push(viewAt(session, parseTime(at)));
    },
  });
  if (result.expectations !== "met")
    throw new Error(`the story went wrong: ${result.expectations.join("; ")}`);
  const shown = (await Promise.all(views)).filter((view) => view !== null);
  const frames = shown.map((lines, index) => ({
    lines,
    seconds: index === shown.length - 1 ? SECONDS.last : SECONDS.usual,
  }));
  return terminalPicture("sluice status checkout -n shop --watch", frames);
}

function sessionOf(transport: Transport): ClusterSession {
  const clock = new SystemClock();
  const client = new RestClient({ transport, clock, fieldManager: "pictures" });
  return new ClusterSession({ client, clock, namespace: KEY.namespace, close: () => {} });
}

/** Null: nothing has been released yet. */
async function viewAt(session: ClusterSession, nowMs: number): Promise<readonly string[] | null> {
  const rollout = await session.rollout(KEY);
  if (rollout.status?.lastRunId === undefined) return null;
  const surroundings = await session.surroundings(rollout);
  return statusView({ nowMs, rollout, surroundings, columns: COLUMNS });
}
