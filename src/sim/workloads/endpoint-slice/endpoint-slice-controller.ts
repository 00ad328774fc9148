import type { Cache } from "../../../kube/cache.ts";
import type { Client } from "../../../kube/client.ts";
import { SERVICE_INDEX } from "../../../kube/indexes.ts";
import { type EndpointSlice, SERVICE_NAME_LABEL, type Service } from "../../../kube/kind/network.ts";
import { type KubeObject, keyOf, keyText, parseKey } from "../../../kube/object.ts";
import { ENDPOINT_SLICE } from "../../../kube/resources.ts";
import type { Pod } from "../../kinds.ts";
import type { Controller } from "../controller.ts";
import { firstSelectorKey, LABEL_INDEX, labelIndex, SELECTOR_INDEX } from "../indexes.ts";
import { deleteExactly } from "../writes.ts";
import { groupEndpoints } from "./endpoints.ts";
import { MANAGED_BY, MANAGED_BY_LABEL, planSlices } from "./slices.ts";

export interface EndpointSliceControllerOptions {
  readonly services: Cache<Service>;
  readonly pods: Cache<Pod>;
  readonly slices: Cache<EndpointSlice>;
  readonly client: Client;
}

/** Keeps the EndpointSlices of Services that have a selector. Keys are those of Services. */
export class EndpointSliceController implements Controller {
  readonly name = "endpoint-slice-controller";
  readonly #options: EndpointSliceControllerOptions;

  constructor(options: EndpointSliceControllerOptions) {
    this.#options = options;
  }

  subscribe(enqueue: (key: string) => void): void {
    const { services, pods, slices } = this.#options;
    services.subscribe(({ key }) => enqueue(keyText(key)));
    pods.subscribe(({ old, new: current }) => {
      const keys = new Set([...labelKeys(old), ...labelKeys(current)]);
      for (const key of keys) {
        for (const service of services.by(SELECTOR_INDEX, key)) enqueue(keyText(keyOf(service)));
      }
    });
    slices.subscribe(({ old, new: current, origin }) => {
      const name = (current ?? old)?.metadata.labels?.[SERVICE_NAME_LABEL];
      if (origin !== "own" && name !== undefined) enqueue(`${(current ?? old)?.metadata.namespace}/${name}`);
    });
  }

  async reconcile(key: string): Promise<null> {
    const { services, slices, client } = this.#options;
    const service = services.get(parseKey(key));
    if (service === undefined || service.spec.selector === undefined) return null;
    if (service.metadata.deletionTimestamp !== undefined || service.spec.type === "ExternalName") return null;
    const existing = slices.by(SERVICE_INDEX, key).filter(isOurs);
    const changes = planSlices(service, groupEndpoints(service, this.#podsOf(service)), existing);
    for (const slice of changes.create) await client.create(ENDPOINT_SLICE, slice);
    for (const slice of changes.update) await client.update(ENDPOINT_SLICE, slice);
    for (const slice of changes.delete) await deleteExactly(client, ENDPOINT_SLICE, slice);
    return null;
  }

  #podsOf(service: Service): readonly Pod[] {
    const first = firstSelectorKey(service);
    if (first === undefined) return [];
    const wanted = Object.entries(service.spec.selector ?? {});
    return this.#options.pods
      .by(LABEL_INDEX, first)
      .filter((pod) => wanted.every(([name, value]) => pod.metadata.labels?.[name] === value));
  }
}

function isOurs(slice: EndpointSlice): boolean {
  return (
    slice.metadata.labels?.[MANAGED_BY_LABEL] === MANAGED_BY && slice.metadata.deletionTimestamp === undefined
  );
}

function labelKeys(object: KubeObject | undefined): readonly string[] {
  return object === undefined ? [] : labelIndex(object);
}
