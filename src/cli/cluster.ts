import { userInfo } from "node:os";
import type { Command } from "commander";
import type { Rollout } from "../api/rollout.ts";
import { ClusterError } from "../app/cluster-error.ts";
import type { ClusterSession } from "../app/cluster-session.ts";
import { kubernetesEnvironment } from "../config/config.ts";
import { didYouMean } from "../lib/did-you-mean.ts";
import { CommandFailed } from "./exit-codes.ts";

/** Flags of every command that speaks to a cluster. */
export interface ClusterFlags {
  readonly namespace?: string;
  readonly context?: string;
  readonly kubeconfig?: string;
}

export function clusterOptions(command: Command): Command {
  return command
    .option("-n, --namespace <namespace>", "where the Rollout is; default: the context's namespace")
    .option("--context <context>", "context of the kubeconfig")
    .option("--kubeconfig <file>", "default: $KUBECONFIG, ~/.kube/config, or the pod's service account");
}

/** Opens a connection for the time of some work. */
export async function withCluster<T>(
  flags: ClusterFlags,
  work: (session: ClusterSession) => Promise<T>,
): Promise<T> {
  const { ClusterSession } = await import("../app/cluster-session.ts");
  const session = await ClusterSession.open({
    kubeconfig: flags.kubeconfig,
    context: flags.context,
    environment: kubernetesEnvironment(),
    fieldManager: `${userInfo().username} (sluice)`,
  });
  try {
    return await work(session);
  } finally {
    session.close();
  }
}

export function namespaceOf(session: ClusterSession, flags: ClusterFlags): string {
  return flags.namespace ?? session.namespace;
}

/** The Rollout of that name; when there is none the error says which one may be meant. */
export async function findRollout(
  session: ClusterSession,
  flags: ClusterFlags,
  name: string,
): Promise<Rollout> {
  const namespace = namespaceOf(session, flags);
  try {
    return await session.rollout({ namespace, name });
  } catch (error) {
    if (!(error instanceof ClusterError) || error.problem !== "not-found") throw error;
    throw await notFound(session, { namespace, name }, error);
  }
}

export async function notFound(
  session: ClusterSession,
  { namespace, name }: { readonly namespace: string; readonly name: string },
  error?: ClusterError,
): Promise<Error> {
  // Whoever may not list does not learn more than that it is not there.
  const here = await session.rollouts(namespace).catch(() => null);
  if (here === null) return error ?? new CommandFailed("notFound", `no Rollout ${namespace}/${name}`);
  const names = here.map(({ metadata }) => metadata.name);
  const meant = didYouMean(name, names);
  const hint = meant === null ? await elsewhere(session, name, names) : `; did you mean ${meant}?`;
  return new CommandFailed("notFound", `no Rollout ${name} in namespace ${namespace}${hint}`);
}

const NAMES_SHOWN = 5;

async function elsewhere(session: ClusterSession, name: string, here: readonly string[]): Promise<string> {
  const everywhere = await session.rollouts(undefined).catch(() => []);
  const namesake = everywhere.find(({ metadata }) => metadata.name === name);
  if (namesake !== undefined) return `; there is one in ${namesake.metadata.namespace}: add -n`;
  if (here.length === 0) return ", which has none at all; see sluice get -A";
  const more = here.length > NAMES_SHOWN ? ", ..." : "";
  return `; there are: ${here.slice(0, NAMES_SHOWN).join(", ")}${more}`;
}
