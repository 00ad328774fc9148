import { OperationError } from "../lib/errors.ts";

/** An object has the name that we need, and somebody else made it: it is not ours to overwrite. */
export class ForeignObjectError extends OperationError {
  readonly code = "ForeignObject";
}

/** `VirtualService shop/checkout exists and was not made by Rollout checkout: ...`. */
export function foreignText(object: {
  readonly kind: string;
  readonly namespace: string | undefined;
  readonly name: string;
  readonly rollout: string;
}): string {
  const { kind, namespace = "default", name, rollout } = object;
  return `${kind} ${namespace}/${name} exists and was not made by Rollout ${rollout}: rename or delete it, Sluice needs the name`;
}
