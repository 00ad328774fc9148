import type { AnyObject } from "../../kube/object.ts";
import type { FieldError } from "./field-error.ts";
import type { Draft } from "./json-object.ts";

/** Which part of an object a write may change. */
export type Part = "main" | "status" | "scale";

/**
 * How objects of one resource are completed and checked, in their stored version: what the registry strategies of the real server do.
 * Drafts belong to the caller and may be changed; stored objects may not.
 */
export interface Strategy {
  /** Fills in what a client may leave out. Runs on everything that is decoded. */
  setDefaults(draft: Draft): void;
  /** Resets what a client may not set on a new object, and allocates. */
  prepareCreate(draft: Draft, allocator: Allocator): void;
  /** Puts back the old values of what this part of the resource cannot change, and moves the generation. */
  prepareUpdate(draft: Draft, old: AnyObject, part: Part, allocator: Allocator): void;
  /** All that is wrong with a new object, its metadata included. */
  validate(object: AnyObject, context: ValidationContext): readonly FieldError[];
  validateUpdate(object: AnyObject, old: AnyObject, context: ValidationContext): readonly FieldError[];
  /** PUT creates what is not there. */
  readonly createsOnUpdate: boolean;
  /** PUT may leave out the resourceVersion. */
  readonly allowsUnconditionalUpdate: boolean;
  /** DELETE answers with the object instead of a Status. */
  readonly returnsDeleted: boolean;
}

export interface ValidationContext {
  readonly part: Part;
  /** Of the request: versions of one resource may have rules of their own. */
  readonly apiVersion: string;
  readonly allocator: Allocator;
}

/** Numbers and addresses that the server hands out. */
export interface Allocator {
  clusterIp(): string;
  nodePort(): number;
  /** Whether a Service has the address already. */
  isClusterIpTaken(address: string): boolean;
  isNodePortTaken(port: number): boolean;
  /** Whether the address is of the service network. */
  isInRange(address: string): boolean;
}

/** Raises metadata.generation of a draft if `changed` says that what it counts has changed. */
export function moveGeneration(draft: Draft, old: AnyObject, changed: boolean): void {
  const meta = draft["metadata"] as Draft;
  const generation = old.metadata.generation ?? 0;
  if (changed) meta["generation"] = generation + 1;
  else if (generation > 0) meta["generation"] = generation;
}

/** Puts back the old value of a member. */
export function keepMember(draft: Draft, old: AnyObject, name: string): void {
  if (old[name] === undefined) delete draft[name];
  else draft[name] = old[name];
}
