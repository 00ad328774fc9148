import { isAlreadyExists } from "../../../kube/api-error.ts";
import type { Cache } from "../../../kube/cache.ts";
import type { Client } from "../../../kube/client.ts";
import type { Namespace, ServiceAccount } from "../../../kube/kind/cluster.ts";
import { SERVICE_ACCOUNT } from "../../../kube/resources.ts";
import type { Controller } from "../controller.ts";

export interface ServiceAccountControllerOptions {
  readonly namespaces: Cache<Namespace>;
  readonly serviceAccounts: Cache<ServiceAccount>;
  readonly client: Client;
}

/** Every namespace has a ServiceAccount named `default`. */
export class ServiceAccountController implements Controller {
  readonly name = "service-account-controller";
  readonly #options: ServiceAccountControllerOptions;

  constructor(options: ServiceAccountControllerOptions) {
    this.#options = options;
  }

  subscribe(enqueue: (key: string) => void): void {
    this.#options.namespaces.subscribe(({ key }) => enqueue(key.name));
    this.#options.serviceAccounts.subscribe(({ key, new: current }) => {
      if (current === undefined && key.name === "default") enqueue(key.namespace ?? "");
    });
  }

  async reconcile(namespace: string): Promise<null> {
    const { namespaces, serviceAccounts, client } = this.#options;
    const found = namespaces.get({ name: namespace });
    if (found === undefined || found.metadata.deletionTimestamp !== undefined) return null;
    if (serviceAccounts.get({ namespace, name: "default" }) !== undefined) return null;
    try {
      await client.create(SERVICE_ACCOUNT, {
        apiVersion: "v1",
        kind: "ServiceAccount",
        metadata: { name: "default", namespace },
      });
    } catch (error) {
      if (!isAlreadyExists(error)) throw error;
    }
    return null;
  }
}
