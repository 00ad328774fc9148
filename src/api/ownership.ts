import { present } from "../lib/assert.ts";
import { type KubeObjectLike, ROLLOUT_GROUP, ROLLOUT_KIND, ROLLOUT_VERSION } from "./kind.ts";
import { ROLLOUT_LABEL } from "./names.ts";

/** Structurally a kube/ OwnerReference, which api may not import. */
export interface RolloutOwnerReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
  readonly controller: boolean;
  readonly blockOwnerDeletion: boolean;
}

type Owner = Pick<KubeObjectLike, "metadata">;

/** For objects that are to vanish with the Rollout. */
export function ownerReferenceTo(rollout: Owner): RolloutOwnerReference {
  return {
    apiVersion: `${ROLLOUT_GROUP}/${ROLLOUT_VERSION}`,
    kind: ROLLOUT_KIND,
    name: rollout.metadata.name,
    uid: present(rollout.metadata.uid, "the Rollout's uid"),
    controller: true,
    blockOwnerDeletion: true,
  };
}

/** The label of every object that we made for this Rollout. */
export function ownershipLabels(rollout: Owner): Readonly<Record<string, string>> {
  return { [ROLLOUT_LABEL]: labelValue(rollout.metadata.name) };
}

/**
 * Whether we made the object for this Rollout. The label decides, not the owner reference: it survives a backup that
 * is restored, where every uid is new.
 */
export function isMadeFor(rollout: Owner, object: Owner): boolean {
  return object.metadata.labels?.[ROLLOUT_LABEL] === labelValue(rollout.metadata.name);
}

/** Whether another Rollout's object was made by us for that. */
export function isMadeForAnother(rollout: Owner, object: Owner): boolean {
  return object.metadata.labels?.[ROLLOUT_LABEL] !== undefined && !isMadeFor(rollout, object);
}

/** A label value holds 63 characters, an object's name 253: long names are cut and told apart by a digest. */
function labelValue(name: string): string {
  return name.length <= 63 ? name : `${name.slice(0, 54)}-${fnv1a(name)}`;
}

/** FNV-1a, 32 bits, as 8 hexadecimal digits (Fowler, Noll, Vo: http://www.isthe.com/chongo/tech/comp/fnv/). */
function fnv1a(text: string): string {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) hash = Math.imul(hash ^ byte, 0x01000193);
  return (hash >>> 0).toString(16).padStart(8, "0");
}
