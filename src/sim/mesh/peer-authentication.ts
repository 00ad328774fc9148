import type { Pod } from "../../kube/kind/workload.ts";
import { keyOf, keyText } from "../../kube/object.ts";
import type { PeerAuthentication } from "./istio.ts";

/** The namespace whose PeerAuthentication without a selector holds for the whole mesh. */
const ROOT_NAMESPACE = "istio-system";

export type PeerMode = "DISABLE" | "PERMISSIVE" | "STRICT";

/** What sidecars ask of their callers: https://istio.io/latest/docs/reference/config/security/peer_authentication/ */
export class PeerAuthentications {
  readonly #objects = new Map<string, PeerAuthentication>();

  put(object: PeerAuthentication): void {
    this.#objects.set(keyText(keyOf(object)), object);
  }

  remove(object: PeerAuthentication): void {
    this.#objects.delete(keyText(keyOf(object)));
  }

  /** The narrowest one that says anything: of the workload, its namespace, the mesh; of several equal ones the oldest. */
  modeOf(pod: Pod): PeerMode {
    if (this.#objects.size === 0) return "PERMISSIVE";
    const { namespace = "", labels = {} } = pod.metadata;
    const all = [...this.#objects.values()].sort((a, b) => (age(a) < age(b) ? -1 : 1));
    const ofWorkload = all.filter((it) => it.metadata.namespace === namespace && selects(it, labels));
    const levels = [ofWorkload, all.filter(isWide(namespace)), all.filter(isWide(ROOT_NAMESPACE))];
    for (const [first] of levels) {
      const mode = first === undefined ? undefined : modeIn(first, portOf(pod));
      if (mode !== undefined && mode !== "UNSET") return mode;
    }
    return "PERMISSIVE";
  }
}

function modeIn({ spec }: PeerAuthentication, port: number | undefined) {
  const ofPort = port === undefined ? undefined : spec?.portLevelMtls?.[String(port)]?.mode;
  return ofPort ?? spec?.mtls?.mode;
}

/** Requests go to the first port of the first container, as far as this mesh knows. */
function portOf(pod: Pod): number | undefined {
  const [container] = pod.spec.containers as readonly {
    readonly ports?: readonly { containerPort: number }[];
  }[];
  return container?.ports?.[0]?.containerPort;
}

function selects({ spec }: PeerAuthentication, labels: Readonly<Record<string, string>>): boolean {
  const wanted = Object.entries(spec?.selector?.matchLabels ?? {});
  return wanted.length > 0 && wanted.every(([name, value]) => labels[name] === value);
}

function isWide(namespace: string): (object: PeerAuthentication) => boolean {
  return ({ metadata, spec }) =>
    metadata.namespace === namespace && Object.keys(spec?.selector?.matchLabels ?? {}).length === 0;
}

function age({ metadata }: PeerAuthentication): string {
  return `${metadata.creationTimestamp ?? ""} ${metadata.name}`;
}
