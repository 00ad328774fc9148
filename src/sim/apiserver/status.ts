import { type Resource, resourceText } from "../../kube/resource.ts";
import { causeOf, type FieldError, messageOf } from "./field-error.ts";

export interface StatusCause {
  readonly reason?: string;
  readonly message?: string;
  readonly field?: string;
}

export interface StatusDetails {
  readonly name?: string;
  readonly group?: string;
  readonly kind?: string;
  readonly uid?: string;
  readonly causes?: readonly StatusCause[];
  readonly retryAfterSeconds?: number;
}

/** metav1.Status, as it is sent. */
export interface Status {
  readonly kind: "Status";
  readonly apiVersion: "v1";
  readonly metadata: { readonly continue?: string; readonly resourceVersion?: string };
  readonly status: "Success" | "Failure";
  readonly message?: string;
  readonly reason?: string;
  readonly details?: StatusDetails;
  readonly code?: number;
}

/** Ends the handling of a request with a Status. Thrown anywhere in the server and answered in one place. */
export class StatusFailure extends Error {
  override readonly name = "StatusFailure";
  readonly status: Status;
  readonly code: number;
  /** Texts of Warning headers that are sent although the request failed. */
  readonly warnings: readonly string[];

  constructor(status: Omit<Status, "kind" | "apiVersion" | "metadata" | "status"> & FailureExtras) {
    super(status.message ?? status.reason ?? "failure");
    const { metadata = {}, warnings = [], ...rest } = status;
    this.status = { kind: "Status", apiVersion: "v1", metadata, status: "Failure", ...rest };
    this.code = status.code ?? 500;
    this.warnings = warnings;
  }
}

interface FailureExtras {
  readonly metadata?: Status["metadata"];
  readonly warnings?: readonly string[];
}

/** The parts of a resource that failures name. */
type Named = Pick<Resource, "group" | "version" | "plural" | "kind" | "namespaced">;

function detailsOf(resource: Named, name: string): StatusDetails {
  return { ...(name === "" ? {} : { name }), ...groupOf(resource.group), kind: resource.plural };
}

function groupOf(group: string): { readonly group?: string } {
  return group === "" ? {} : { group };
}

export function notFound(resource: Named, name: string): StatusFailure {
  return new StatusFailure({
    message: `${resourceText(resource)} "${name}" not found`,
    reason: "NotFound",
    details: detailsOf(resource, name),
    code: 404,
  });
}

export function alreadyExists(resource: Named, name: string, beingDeleted: boolean): StatusFailure {
  const message = `${resourceText(resource)} "${name}" already exists`;
  return new StatusFailure({
    message: beingDeleted ? `object is being deleted: ${message}` : message,
    reason: "AlreadyExists",
    details: detailsOf(resource, name),
    code: 409,
  });
}

export const MODIFIED_TEXT =
  "the object has been modified; please apply your changes to the latest version and try again";

export function conflict(resource: Named, name: string, text: string): StatusFailure {
  return new StatusFailure({
    message: `Operation cannot be fulfilled on ${resourceText(resource)} "${name}": ${text}`,
    reason: "Conflict",
    details: detailsOf(resource, name),
    code: 409,
  });
}

/** 422 with one cause for each error. `kind` is what the message names: the kind, or the plural in some paths. */
export function invalid(
  subject: { readonly group: string; readonly kind: string },
  name: string,
  errors: readonly FieldError[],
): StatusFailure {
  const { group, kind } = subject;
  const texts = [...new Set(errors.map(messageOf))];
  const list = texts.length === 1 ? texts[0] : `[${texts.join(", ")}]`;
  return new StatusFailure({
    message: `${group === "" ? kind : `${kind}.${group}`} "${name}" is invalid: ${list}`,
    reason: "Invalid",
    details: {
      ...(name === "" ? {} : { name }),
      ...groupOf(group),
      ...(kind === "" ? {} : { kind }),
      causes: errors.map(causeOf),
    },
    code: 422,
  });
}

export function badRequest(message: string, warnings: readonly string[] = []): StatusFailure {
  return new StatusFailure({ message, reason: "BadRequest", code: 400, warnings });
}

/** 500 without a reason: what the real server answers where an error has no better mapping. */
export function internalError(message: string): StatusFailure {
  return new StatusFailure({ message, code: 500 });
}

export function methodNotAllowed(): StatusFailure {
  return new StatusFailure({
    message: "the server does not allow this method on the requested resource",
    reason: "MethodNotAllowed",
    details: {},
    code: 405,
  });
}

/** A built-in group knows the path's form, but not its resource, version or subresource. */
export function unknownResource(): StatusFailure {
  return new StatusFailure({
    message: "the server could not find the requested resource",
    reason: "NotFound",
    details: {},
    code: 404,
  });
}

/** `text` says why, after "is forbidden: ". */
export function forbidden(
  subject: { readonly group: string; readonly plural: string },
  name: string,
  text: string,
  causes?: readonly StatusCause[],
): StatusFailure {
  const resource = subject.group === "" ? subject.plural : `${subject.plural}.${subject.group}`;
  const object = name === "" ? resource : `${resource} "${name}"`;
  return new StatusFailure({
    message: `${object} is forbidden: ${text}`,
    reason: "Forbidden",
    details: {
      ...(name === "" ? {} : { name }),
      ...groupOf(subject.group),
      kind: subject.plural,
      ...(causes === undefined ? {} : { causes }),
    },
    code: 403,
  });
}

export function unauthorized(): StatusFailure {
  return new StatusFailure({ message: "Unauthorized", reason: "Unauthorized", code: 401 });
}

export function unsupportedMediaType(message: string): StatusFailure {
  return new StatusFailure({ message, reason: "UnsupportedMediaType", code: 415 });
}

export function unsupportedBody(accepted: readonly string[]): StatusFailure {
  return unsupportedMediaType(
    `the body of the request was in an unknown format - accepted media types include: ${accepted.join(", ")}`,
  );
}

export function notAcceptable(message: string): StatusFailure {
  return new StatusFailure({ message, reason: "NotAcceptable", code: 406 });
}

export function expired(message: string, metadata: Status["metadata"] = {}): StatusFailure {
  return new StatusFailure({ message, reason: "Expired", code: 410, metadata });
}

/** A version was asked for that is yet to come. */
export function tooLargeVersion(wanted: number, current: number): StatusFailure {
  const text = `Too large resource version: ${wanted}, current: ${current}`;
  return new StatusFailure({
    message: `Timeout: ${text}`,
    reason: "Timeout",
    details: {
      causes: [{ reason: "ResourceVersionTooLarge", message: "Too large resource version" }],
      retryAfterSeconds: 1,
    },
    code: 504,
  });
}

export function success(details: StatusDetails): Status {
  return { kind: "Status", apiVersion: "v1", metadata: {}, status: "Success", details };
}

/** The answer to a DELETE after which the object is gone. */
export function deletedStatus(resource: Named, name: string, uid: string): Status {
  return success({ ...detailsOf(resource, name), uid });
}
