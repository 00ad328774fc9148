import type { Pod } from "../../kube/kind/workload.ts";
import { keyOf, keyText } from "../../kube/object.ts";
import type { PodGroup } from "./ground-truth.ts";
import { MeshPod } from "./pods.ts";
import { UNKNOWN_WORKLOAD, type WorkloadIdentity } from "./telemetry.ts";

/** Which pods have a proxy of the mesh. */
export type HasSidecar = (pod: Pod) => boolean;

/** Gone pods that are still known by name, for proxies that have not heard yet. */
const GONE_LIMIT = 10_000;

/** All pods as they really are now, by `namespace/name`; and who the gone ones were. */
export class PodDirectory {
  readonly #hasSidecar: HasSidecar;
  readonly #pods = new Map<string, MeshPod>();
  readonly #gone = new Map<string, Pick<MeshPod, "identity" | "group">>();

  constructor(hasSidecar: HasSidecar) {
    this.#hasSidecar = hasSidecar;
  }

  update(pod: Pod): { readonly meshPod: MeshPod; readonly isNew: boolean } {
    const key = keyText(keyOf(pod));
    const known = this.#pods.get(key);
    if (known !== undefined && known.object.metadata.uid === pod.metadata.uid) {
      known.update(pod);
      return { meshPod: known, isNew: false };
    }
    const meshPod = new MeshPod(pod, this.#hasSidecar(pod));
    this.#pods.set(key, meshPod);
    this.#gone.delete(key);
    return { meshPod, isNew: true };
  }

  /** The pod that was there; null when there was none. */
  remove(pod: Pod): MeshPod | null {
    const key = keyText(keyOf(pod));
    const known = this.#pods.get(key);
    if (known === undefined) return null;
    this.#pods.delete(key);
    this.#gone.set(key, { identity: known.identity, group: known.group });
    const [oldest] = this.#gone.keys();
    if (this.#gone.size > GONE_LIMIT && oldest !== undefined) this.#gone.delete(oldest);
    return known;
  }

  /** The pod, when its port answers at this instant. */
  serving(key: string): MeshPod | null {
    const pod = this.#pods.get(key);
    return pod?.serves === true ? pod : null;
  }

  identity(key: string): WorkloadIdentity {
    return (this.#pods.get(key) ?? this.#gone.get(key))?.identity ?? UNKNOWN_WORKLOAD;
  }

  group(key: string): PodGroup | null {
    return (this.#pods.get(key) ?? this.#gone.get(key))?.group ?? null;
  }
}
