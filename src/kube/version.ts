import { OperationError } from "../lib/errors.ts";
import type { KubeObject } from "./object.ts";

/** A resourceVersion that is no whole number: the server does not keep what Kubernetes promises, and nothing can be ordered. */
export class VersionError extends OperationError {
  readonly code = "KubernetesVersion";
}

/** A resourceVersion as a number; 0 for none. Exact up to 2^53, some 285,000 years of 1,000 writes a second. */
export function versionOfText(text: string | undefined): number {
  if (text === undefined || text === "") return 0;
  const version = Number(text);
  if (!Number.isSafeInteger(version) || version < 0) {
    throw new VersionError(`reading a resourceVersion: ${JSON.stringify(text)} is not a whole number`);
  }
  return version;
}

export function versionOf(object: KubeObject): number {
  return versionOfText(object.metadata.resourceVersion);
}
