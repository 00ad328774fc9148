import { namesOf } from "../api/names.ts";
import type { PreflightCheck, PreflightReport } from "../api/preflight.ts";
import type { Rollout } from "../api/rollout.ts";
import type { IndexFunction } from "../kube/cache-index.ts";
import { OWNER_INDEX } from "../kube/indexes.ts";
import type { Namespace } from "../kube/kind/cluster.ts";
import type { DestinationRule, PeerAuthentication, Service, VirtualService } from "../kube/kind/network.ts";
import type { Deployment, Pod, ReplicaSet } from "../kube/kind/workload.ts";
import { type KubeObject, keyOf, keyText } from "../kube/object.ts";
import type { OptionalReader } from "../kube/optional-reader.ts";
import type { Reader } from "../kube/reader.ts";
import { fullHost } from "./hosts.ts";
import { preflight } from "./preflight.ts";
import type { PreflightView, SideView } from "./view.ts";

/** Index of VirtualServices: their hosts in full. */
const BY_HOST = "host";

/** For CacheOptions.indexes of VirtualServices. */
export const HOST_INDEXES: Readonly<Record<string, IndexFunction<VirtualService>>> = {
  [BY_HOST]: ({ metadata, spec }) =>
    (spec?.hosts ?? []).map((host) => fullHost(host, metadata.namespace ?? "")),
};

export interface InspectorOptions {
  readonly deployments: Reader<Deployment>;
  /** With OWNER_INDEX (kube/indexes.ts), as `pods`. */
  readonly replicaSets: Reader<ReplicaSet>;
  readonly pods: Reader<Pod>;
  readonly services: Reader<Service>;
  /** With HOST_INDEXES. */
  readonly virtualServices: Reader<VirtualService>;
  readonly destinationRules: Reader<DestinationRule>;
  readonly peerAuthentications: OptionalReader<PeerAuthentication>;
  readonly namespaces: OptionalReader<Namespace>;
  /** The mesh's, as istiod's meshConfig.rootNamespace. */
  readonly rootNamespace: string;
  /** As PreflightView.sees. */
  readonly sees: (namespace: string) => boolean;
  readonly source: PreflightView["source"];
}

/** Looks at what is around a Rollout. Reads caches only. */
export class Inspector {
  readonly #options: InspectorOptions;

  constructor(options: InspectorOptions) {
    this.#options = options;
  }

  /** With the spec in force. */
  report(rollout: Rollout, ignore: readonly PreflightCheck[]): PreflightReport {
    const { peerAuthentications, namespaces } = this.#options;
    const isIgnored = (check: PreflightCheck) => ignore.includes(check);
    const unseen = [
      ...(isIgnored("strict-mtls") && isIgnored("destination-tls") ? [] : [peerAuthentications.absence]),
      ...(isIgnored("sidecar") ? [] : [namespaces.absence]),
    ];
    return {
      findings: preflight(this.view(rollout), ignore),
      unseen: unseen.filter((absence) => absence !== null),
    };
  }

  view(rollout: Rollout): PreflightView {
    const { services, destinationRules, peerAuthentications, namespaces, pods } = this.#options;
    const { rootNamespace, sees, source } = this.#options;
    const { namespace = "default", name } = rollout.metadata;
    const names = namesOf(rollout);
    const { run } = rollout.status ?? {};
    const target = this.#options.deployments.get({ namespace, name: names.target });
    const around = [...new Set([namespace, rootNamespace])];
    const labels = namespaces.get({ name: namespace })?.metadata;
    return {
      rollout: name,
      namespace,
      spec: rollout.spec,
      names,
      canary: this.#side(target, run?.revision),
      primary: this.#side(this.#options.deployments.get({ namespace, name: names.primary }), undefined),
      canaryReplicas: run?.canaryReplicas ?? target?.spec.replicas ?? 1,
      sees,
      service: (serviceName, at) => services.get({ name: serviceName, namespace: at }),
      podLabels: (at) => this.#podLabels(at, pods),
      destinationRules: around.flatMap((at) => destinationRules.list(at)),
      virtualServices: this.#virtualServices(rollout),
      peerAuthentications: around.flatMap((at) => peerAuthentications.list(at)),
      namespaceLabels: labels === undefined ? null : (labels.labels ?? {}),
      rootNamespace,
      source,
    };
  }

  /** `revision`: pods of it alone; undefined: of all. */
  #side(deployment: Deployment | undefined, revision: string | undefined): SideView {
    const { replicaSets, pods } = this.#options;
    if (deployment === undefined) return { template: null, pods: [] };
    const sets = replicaSets
      .by(OWNER_INDEX, deployment.metadata.uid ?? "")
      .filter(
        ({ metadata }) => revision === undefined || metadata.labels?.["pod-template-hash"] === revision,
      );
    const all = sets.flatMap((set) => pods.by(OWNER_INDEX, set.metadata.uid ?? ""));
    return {
      template: deployment.spec.template,
      pods: all.filter(({ metadata }) => metadata.deletionTimestamp === undefined),
    };
  }

  #virtualServices(rollout: Rollout): PreflightView["virtualServices"] {
    const { virtualServices } = this.#options;
    const { namespace } = rollout.metadata;
    const own = rollout.spec.traffic.istio.virtualServices?.map(({ name }) => name);
    const ours = (own ?? [namesOf(rollout).virtualService])
      .map((name) => virtualServices.get({ namespace, name }))
      .filter((object) => object !== undefined);
    const hosts = ours.flatMap((object) => HOST_INDEXES[BY_HOST]?.(object) ?? []);
    const others = new Map<string, VirtualService>();
    for (const object of hosts.flatMap((host) => virtualServices.by(BY_HOST, host))) {
      if (!ours.some((it) => isSame(it, object))) others.set(keyText(keyOf(object)), object);
    }
    return { ours, others: [...others.values()] };
  }

  /** Files hold no pods: there it is their templates. */
  #podLabels(namespace: string, pods: Reader<Pod>) {
    if (this.#options.source === "cluster")
      return pods.list(namespace).map(({ metadata }) => metadata.labels ?? {});
    return this.#options.deployments.list(namespace).map(({ spec }) => spec.template.metadata?.labels ?? {});
  }
}

function isSame(a: KubeObject, b: KubeObject): boolean {
  return a.metadata.name === b.metadata.name && a.metadata.namespace === b.metadata.namespace;
}
