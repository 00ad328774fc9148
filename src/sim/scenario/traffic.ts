import type { TrafficSpec } from "../mesh/traffic-spec.ts";
import { defined } from "./defined.ts";
import type { TrafficChange, TrafficEntry } from "./traffic-schema.ts";

/** The client of a scenario's traffic when it names none. */
const DEFAULT_CLIENT = "traffic";

/** The clients that a scenario begins with, by name. */
export function initialTraffic(
  entries: readonly TrafficEntry[],
  namespace: string,
): Map<string, TrafficSpec> {
  return new Map(entries.map((entry, index) => [entry.name ?? clientName(index), toSpec(entry, namespace)]));
}

/**
 * What a `traffic` action changes: the clients of its host, or all without one; a host that nobody calls yet gets a
 * new client.
 */
export function changedTraffic(
  current: ReadonlyMap<string, TrafficSpec>,
  changes: readonly TrafficChange[],
  namespace: string,
): Map<string, TrafficSpec> {
  const changed = new Map<string, TrafficSpec>();
  for (const change of changes) {
    const now = new Map([...current, ...changed]);
    const meant = [...now].filter(([, spec]) => change.host === undefined || spec.host === change.host);
    for (const [name, spec] of meant) {
      const entry = {
        ...change,
        host: spec.host,
        rps: change.rps ?? spec.rps,
        from: change.from ?? spec.from,
      };
      changed.set(name, { ...spec, ...toSpec(entry, namespace) });
    }
    if (meant.length > 0 || change.host === undefined) continue;
    changed.set(
      clientName(now.size),
      toSpec({ ...change, host: change.host, rps: change.rps ?? 0 }, namespace),
    );
  }
  return changed;
}

function clientName(index: number): string {
  return `${DEFAULT_CLIENT}-${index}`;
}

function toSpec(
  entry: TrafficChange & { readonly host: string; readonly rps: number },
  namespace: string,
): TrafficSpec {
  const { host, rps, from, connection, ...shape } = entry;
  const { method, scheme, protocol, clients, path, headers, port, gateway } = shape;
  const workload = from?.workload ?? DEFAULT_CLIENT;
  const { replicas, sidecar } = from ?? {};
  return {
    host,
    rps,
    ...defined({ method, scheme, protocol, connectionMs: connection, clients, path, headers, port, gateway }),
    from: {
      workload,
      namespace: from?.namespace ?? namespace,
      labels: from?.labels ?? { app: workload },
      ...defined({ replicas, sidecar }),
    },
  };
}
