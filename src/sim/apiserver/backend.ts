import type { AnyObject } from "../../kube/object.ts";
import type { Clock } from "../../lib/clock.ts";
import type { Prng } from "../../lib/prng.ts";
import type { FieldSetCodec } from "./apply/field-set.ts";
import type { TypeViews } from "./apply/type-view.ts";
import type { Authenticator } from "./auth/authenticator.ts";
import type { Authorizer } from "./auth/authorizer.ts";
import { builtinStrategy } from "./builtin-strategies.ts";
import { customStrategy } from "./custom/custom-strategy.ts";
import type { Draft } from "./json-object.ts";
import type { Registry, ResourceDefinition } from "./registry.ts";
import type { Store } from "./store/store.ts";
import type { Allocator, Strategy } from "./strategy.ts";
import { formatTime } from "./typed-scalar.ts";

/** What all verbs work with. */
export interface Backend {
  readonly store: Store;
  readonly registry: Registry;
  readonly clock: Clock;
  readonly prng: Prng;
  readonly allocator: Allocator;
  readonly strategies: Strategies;
  readonly views: TypeViews;
  readonly fieldSets: FieldSetCodec;
  readonly authenticator: Authenticator;
  readonly authorizer: Authorizer;
  /** What mutating admission webhooks would do to a new object. */
  readonly admit: (definition: ResourceDefinition, draft: Draft) => void;
  /** Called after an object has been stored or removed, before the answer is sent. */
  readonly afterWrite: (definition: ResourceDefinition, object: AnyObject, deleted: boolean) => void;
}

/** Strategies by definition; a changed CustomResourceDefinition makes a new definition, and so a new strategy. */
export class Strategies {
  readonly #byDefinition = new WeakMap<ResourceDefinition, Strategy>();

  of(definition: ResourceDefinition): Strategy {
    const known = this.#byDefinition.get(definition);
    if (known !== undefined) return known;
    const strategy = definition.custom ? customStrategy(definition) : builtinStrategy(definition);
    this.#byDefinition.set(definition, strategy);
    return strategy;
  }
}

/** A version 4 UUID from the backend's randomness. */
export function newUid({ prng }: Backend): string {
  const hex = Array.from({ length: 32 }, (_, index) => {
    if (index === 12) return "4";
    return (index === 16 ? prng.integer(8, 11) : prng.integer(0, 15)).toString(16);
  }).join("");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/** Kubernetes' alphabet for generated names: no vowels, so no words. */
const SUFFIX_LETTERS = [..."bcdfghjklmnpqrstvwxz2456789"];
const MAX_GENERATED_BASE = 58;

export function generateName({ prng }: Backend, base: string): string {
  const suffix = Array.from({ length: 5 }, () => prng.pick(SUFFIX_LETTERS)).join("");
  return `${base.slice(0, MAX_GENERATED_BASE)}${suffix}`;
}

export function nowText({ clock }: Backend): string {
  return formatTime(clock.now());
}
