import { HEALTHY_IMAGE, type ImageBehaviour, type ImageBook, type PodIdentity } from "../image.ts";
import type { ImageEntry } from "./image-schema.ts";

/** Pods numbered within their owner, from 0; the number of a pod that is ending is given again. */
class PodNumbers {
  readonly #byOwner = new Map<string, Map<string, { readonly number: number; isEnding: boolean }>>();

  of(pod: PodIdentity): number {
    let pods = this.#byOwner.get(pod.owner);
    if (pods === undefined) {
      pods = new Map();
      this.#byOwner.set(pod.owner, pods);
    }
    const known = pods.get(pod.uid);
    if (known !== undefined) return known.number;
    const taken = new Set([...pods.values()].filter((it) => !it.isEnding).map((it) => it.number));
    let number = 0;
    while (taken.has(number)) number += 1;
    pods.set(pod.uid, { number, isEnding: false });
    return number;
  }

  end(pod: PodIdentity): void {
    const known = this.#byOwner.get(pod.owner)?.get(pod.uid);
    if (known !== undefined) known.isEnding = true;
  }

  forget(pod: PodIdentity): void {
    const pods = this.#byOwner.get(pod.owner);
    pods?.delete(pod.uid);
    if (pods?.size === 0) this.#byOwner.delete(pod.owner);
  }
}

/** The images of a scenario; those that it does not name are healthy. */
export class ScenarioImages {
  readonly #entries: Map<string, ImageEntry>;
  readonly #numbers = new PodNumbers();

  constructor(entries: Readonly<Record<string, ImageEntry>>) {
    this.#entries = new Map(Object.entries(entries));
  }

  readonly behaviour: ImageBook = (image, pod) => {
    const entry = this.#entries.get(image);
    const behaviour: ImageBehaviour = { ...HEALTHY_IMAGE, ...entry?.differs };
    if (pod === undefined || entry === undefined || entry.perPod.length === 0) return behaviour;
    const number = this.#numbers.of(pod);
    return { ...behaviour, ...entry.perPod.find(({ index }) => index === number)?.differs };
  };

  /** From now on pods of these images, running ones too, behave so; what is not said stays as it was. */
  change(entries: Readonly<Record<string, ImageEntry>>): void {
    for (const [image, entry] of Object.entries(entries)) {
      const old = this.#entries.get(image);
      const perPod = entry.perPod.length > 0 ? entry.perPod : (old?.perPod ?? []);
      this.#entries.set(image, { differs: { ...old?.differs, ...entry.differs }, perPod });
    }
  }

  end(pod: PodIdentity): void {
    this.#numbers.end(pod);
  }

  forget(pod: PodIdentity): void {
    this.#numbers.forget(pod);
  }
}
