import { applyPatch, type Operation } from "rfc6902";
import { copyJson, isObject, type JsonObject } from "../json-object.ts";
import { badRequest, StatusFailure } from "../status.ts";

/** More operations than this in one patch are refused, as on the real server. */
const MAX_OPERATIONS = 10_000;

/** RFC 6902 on a copy of `target`. Whatever cannot be applied is 422, without saying why. */
export function jsonPatch(target: JsonObject, patch: unknown): unknown {
  if (!Array.isArray(patch)) {
    const found = isObject(patch) ? "object" : typeof patch;
    throw badRequest(
      `error decoding patch: json: cannot unmarshal ${found} into Go value of type []handlers.jsonPatchOp`,
    );
  }
  if (patch.length > MAX_OPERATIONS) {
    throw new StatusFailure({
      message: `The allowed maximum operations in a JSON patch is ${MAX_OPERATIONS}, got ${patch.length}`,
      reason: "RequestEntityTooLarge",
      code: 413,
    });
  }
  const document = copyJson(target);
  for (const operation of patch) applyOne(document, operation);
  return document;
}

function applyOne(document: unknown, operation: unknown): void {
  if (!isObject(operation) || typeof operation["path"] !== "string") throw rejected();
  const [failure] = apply(document, operation as unknown as Operation);
  if (failure === null) return;
  // The server's library lets `replace` create a member that is missing.
  const isReplace = operation["op"] === "replace" && failure?.name === "MissingError";
  const [again] = isReplace
    ? apply(document, { ...operation, op: "add" } as unknown as Operation)
    : [failure];
  if (again !== null) throw rejected();
}

function apply(document: unknown, operation: Operation): readonly (Error | null)[] {
  try {
    return applyPatch(document, [operation]);
  } catch {
    // The library throws for paths through scalars.
    throw rejected();
  }
}

function rejected(): Error {
  return new StatusFailure({
    message: "the server rejected our request due to an error in our request",
    reason: "Invalid",
    details: {},
    code: 422,
  });
}
