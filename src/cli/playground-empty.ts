import { startEmptyCluster } from "../app/playground/empty-cluster.ts";
import type { PlaygroundFlags } from "./playground-flags.ts";
import { shownPath } from "./playground-flags.ts";
import type { Terminal } from "./terminal.ts";

/** An empty cluster until Ctrl-C. */
export async function stayEmpty(flags: PlaygroundFlags, terminal: Terminal): Promise<number> {
  const cluster = await startEmptyCluster({
    address: flags.listen,
    kubeconfigPath: flags.kubeconfig,
  });
  terminal.out(`An empty cluster is up at ${cluster.server}. Ctrl-C ends it.\n\n`);
  terminal.out(`  export KUBECONFIG=${shownPath(flags.kubeconfig)}\n  kubectl get namespaces\n`);
  await terminal.untilAsked();
  await cluster.stop();
  return 0;
}
