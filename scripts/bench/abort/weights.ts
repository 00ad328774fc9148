import type { Client } from "../../../src/kube/client.ts";
import type { VirtualService } from "../../../src/kube/kind/network.ts";
import { VIRTUAL_SERVICE } from "../../../src/kube/resources.ts";
import { NAMESPACE } from "./scenario.ts";

/** What the VirtualServices give to canaries, as a watch tells it. */
export class Weights {
  readonly #byName = new Map<string, number>();
  readonly #waiters = new Set<() => void>();

  /** Follows them until the signal aborts. Rejects when the watch ends before. */
  async follow(client: Client, signal: AbortSignal): Promise<void> {
    const { items, resourceVersion } = await client.list(VIRTUAL_SERVICE, { namespace: NAMESPACE, signal });
    for (const item of items) this.#see(item);
    const options = { namespace: NAMESPACE, resourceVersion, signal };
    for await (const event of client.watch(VIRTUAL_SERVICE, options)) {
      if (event.type !== "BOOKMARK") this.#see(event.object);
    }
  }

  /** Resolves when the canary of this name has this weight. */
  async until(name: string, weight: number): Promise<void> {
    if (this.#byName.get(name) === weight) return;
    await new Promise<void>((resolve) => {
      const look = () => {
        if (this.#byName.get(name) !== weight) return;
        this.#waiters.delete(look);
        resolve();
      };
      this.#waiters.add(look);
    });
  }

  #see({ metadata, spec }: VirtualService): void {
    const routes = spec?.http?.[0]?.route ?? [];
    const canary = routes.find(({ destination }) => destination.host.includes("-canary"));
    this.#byName.set(metadata.name, canary?.weight ?? 0);
    for (const look of [...this.#waiters]) look();
  }
}
