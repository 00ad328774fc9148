import type { AnyObject } from "../../kube/object.ts";
import type { Resource } from "../../kube/resource.ts";
import type { Transport } from "../../kube/transport.ts";
import { OperationError } from "../../lib/errors.ts";

/** The cluster serves no such kind. */
export class UnknownKindError extends OperationError {
  readonly code = "UnknownKind";
}

interface ResourceList {
  readonly resources?: readonly {
    readonly name: string;
    readonly kind: string;
    readonly namespaced: boolean;
  }[];
}

/** Finds how the API serves a kind, by discovery, as kubectl does. */
export class ResourceFinder {
  readonly #transport: Transport;
  readonly #found = new Map<string, Resource<AnyObject>>();

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** Rejects with UnknownKindError, or as the transport does. */
  async find(apiVersion: string, kind: string): Promise<Resource<AnyObject>> {
    const key = `${apiVersion}/${kind}`;
    const known = this.#found.get(key);
    if (known !== undefined) return known;
    const [group, version] = apiVersion.includes("/") ? apiVersion.split("/") : ["", apiVersion];
    const path = group === "" ? `/api/${apiVersion}` : `/apis/${apiVersion}`;
    const response = await this.#transport.send({
      method: "GET",
      path,
      query: new URLSearchParams(),
      headers: { accept: "application/json" },
    });
    const list = response.body.kind === "json" ? (response.body.value as ResourceList) : {};
    const served = list.resources?.find((item) => item.kind === kind && !item.name.includes("/"));
    if (served === undefined)
      throw new UnknownKindError(`the cluster serves no ${kind} in ${apiVersion}`, { retry: "never" });
    const resource = {
      group: group ?? "",
      version: version ?? "",
      kind,
      plural: served.name,
      namespaced: served.namespaced,
    };
    this.#found.set(key, resource);
    return resource;
  }
}
