import {
  type FieldError,
  forbiddenValue,
  invalidValue,
  notSupported,
  requiredValue,
  tooLong,
} from "../field-error.ts";
import { asList, asObject, type JsonObject } from "../json-object.ts";
import { isTrue } from "../request-info.ts";
import { badRequest, invalid } from "../status.ts";

/** What the query of a create, update or patch says. */
export interface WriteOptions {
  readonly dryRun: boolean;
  readonly fieldManager: string;
  readonly fieldValidation: "Strict" | "Warn" | "Ignore";
  readonly force: boolean;
}

type OptionsKind = "CreateOptions" | "UpdateOptions" | "PatchOptions" | "DeleteOptions" | "ListOptions";

function check(kind: OptionsKind, errors: readonly FieldError[]): void {
  if (errors.length > 0) throw invalid({ group: "meta.k8s.io", kind }, "", errors);
}

const MAX_MANAGER_BYTES = 128;

/** `userAgent` names the manager where the query does not; `isApply` for server-side apply, which must name one. */
export function writeOptionsOf(
  kind: "CreateOptions" | "UpdateOptions" | "PatchOptions",
  query: URLSearchParams,
  userAgent: string | undefined,
  isApply = false,
): WriteOptions {
  const fieldManager = query.get("fieldManager") ?? "";
  const fieldValidation = query.get("fieldValidation") ?? "";
  const errors = [
    ...dryRunErrors(query.getAll("dryRun")),
    ...(fieldManager.length > MAX_MANAGER_BYTES ? [tooLong("fieldManager", MAX_MANAGER_BYTES)] : []),
    ...(isApply && fieldManager === "" ? [requiredValue("fieldManager", "is required for apply patch")] : []),
    ...(!isApply && kind === "PatchOptions" && query.has("force")
      ? [forbiddenValue("force", "may not be specified for non-apply patch")]
      : []),
    ...(["", "Ignore", "Strict", "Warn"].includes(fieldValidation)
      ? []
      : [notSupported("fieldValidation", fieldValidation, ["", "Ignore", "Strict", "Warn"])]),
  ];
  check(kind, errors);
  return {
    dryRun: query.has("dryRun"),
    fieldManager: fieldManager === "" ? managerOf(userAgent) : fieldManager,
    fieldValidation: fieldValidation === "Strict" || fieldValidation === "Ignore" ? fieldValidation : "Warn",
    force: isTrue(query.get("force")),
  };
}

function dryRunErrors(values: readonly unknown[]): readonly FieldError[] {
  const isKnown = values.every((value) => value === "All" || value === "");
  return isKnown ? [] : [notSupported("dryRun", values, ["All"])];
}

/** `kubectl/v1.36 (linux)` manages as `kubectl`. */
function managerOf(userAgent: string | undefined): string {
  const name = (userAgent ?? "").split("/")[0] ?? "";
  return name === "" ? "unknown" : name.slice(0, MAX_MANAGER_BYTES);
}

export interface DeleteOptions {
  readonly dryRun: boolean;
  readonly propagation: "Background" | "Foreground" | "Orphan" | undefined;
  readonly gracePeriodSeconds: number | undefined;
  readonly uid: string | undefined;
  readonly resourceVersion: string | undefined;
}

const POLICIES = ["Foreground", "Background", "Orphan"] as const;

/** The body wins over the query as a whole, as on the real server. */
export function deleteOptionsOf(body: JsonObject | undefined, query: URLSearchParams): DeleteOptions {
  const source = body ?? fromQuery(query);
  const policy = source["propagationPolicy"];
  const errors: FieldError[] = [];
  if (typeof source["orphanDependents"] === "boolean" && policy !== undefined) {
    errors.push(
      invalidValue(
        "propagationPolicy",
        policy,
        "orphanDependents and deletionPropagation cannot be both set",
      ),
    );
  } else if (policy !== undefined && !POLICIES.includes(policy as "Orphan")) {
    errors.push(notSupported("propagationPolicy", policy, [...POLICIES, "nil"]));
  }
  const dryRun = asList(source["dryRun"]);
  errors.push(...dryRunErrors(dryRun));
  check("DeleteOptions", errors);
  const preconditions = asObject(source["preconditions"]);
  return {
    dryRun: dryRun.length > 0,
    propagation: propagationOf(policy, source["orphanDependents"]),
    gracePeriodSeconds: integerOf(source["gracePeriodSeconds"]),
    uid: textOf(preconditions["uid"]),
    resourceVersion: textOf(preconditions["resourceVersion"]),
  };
}

function fromQuery(query: URLSearchParams): JsonObject {
  const grace = query.get("gracePeriodSeconds");
  return {
    dryRun: query.getAll("dryRun"),
    propagationPolicy: query.get("propagationPolicy") ?? undefined,
    orphanDependents: query.has("orphanDependents") ? isTrue(query.get("orphanDependents")) : undefined,
    gracePeriodSeconds: grace === null ? undefined : parseInteger(grace),
  };
}

function propagationOf(policy: unknown, orphan: unknown): DeleteOptions["propagation"] {
  if (policy !== undefined) return policy as DeleteOptions["propagation"];
  if (typeof orphan !== "boolean") return undefined;
  return orphan ? "Orphan" : "Background";
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

function integerOf(value: unknown): number | undefined {
  return Number.isInteger(value) ? (value as number) : undefined;
}

export interface ListOptions {
  readonly labelSelector: string | undefined;
  readonly fieldSelector: string | undefined;
  /** 0: no limit. */
  readonly limit: number;
  readonly continue: string;
  readonly resourceVersion: string;
  readonly match: "" | "Exact" | "NotOlderThan";
  readonly timeoutSeconds: number | undefined;
  readonly allowBookmarks: boolean;
  readonly sendInitialEvents: boolean | undefined;
}

export function listOptionsOf(query: URLSearchParams, isWatch: boolean): ListOptions {
  const timeout = query.get("timeoutSeconds");
  const limit = query.get("limit");
  const initial = query.get("sendInitialEvents");
  const options = {
    labelSelector: query.get("labelSelector") ?? undefined,
    fieldSelector: query.get("fieldSelector") ?? undefined,
    limit: limit === null ? 0 : Math.max(0, parseInteger(limit)),
    continue: query.get("continue") ?? "",
    resourceVersion: query.get("resourceVersion") ?? "",
    match: (query.get("resourceVersionMatch") ?? "") as ListOptions["match"],
    timeoutSeconds: timeout === null ? undefined : parseInteger(timeout),
    allowBookmarks: isTrue(query.get("allowWatchBookmarks")),
    sendInitialEvents: initial === null ? undefined : isTrue(initial),
  };
  check("ListOptions", isWatch ? watchErrors(options) : listErrors(options));
  return options;
}

const MATCH = "resourceVersionMatch";

function listErrors(options: ListOptions): readonly FieldError[] {
  const errors: FieldError[] = [];
  const { match, resourceVersion } = options;
  if (match !== "") {
    if (resourceVersion === "") {
      errors.push(forbiddenValue(MATCH, `${MATCH} is forbidden unless resourceVersion is provided`));
    }
    if (options.continue !== "")
      errors.push(forbiddenValue(MATCH, `${MATCH} is forbidden when continue is provided`));
    if (match !== "Exact" && match !== "NotOlderThan") {
      errors.push(notSupported(MATCH, match, ["Exact", "NotOlderThan", ""]));
    }
    if (match === "Exact" && resourceVersion === "0") {
      errors.push(forbiddenValue(MATCH, `${MATCH} "exact" is forbidden for resourceVersion "0"`));
    }
  }
  if (options.sendInitialEvents !== undefined) {
    errors.push(forbiddenValue("sendInitialEvents", "sendInitialEvents is forbidden for list"));
  }
  return errors;
}

function watchErrors({ match, sendInitialEvents }: ListOptions): readonly FieldError[] {
  if (sendInitialEvents === undefined) {
    return match === ""
      ? []
      : [forbiddenValue(MATCH, `${MATCH} is forbidden for watch unless sendInitialEvents is provided`)];
  }
  if (match === "") {
    return [forbiddenValue(MATCH, `sendInitialEvents requires setting ${MATCH} to NotOlderThan`)];
  }
  return match === "NotOlderThan" ? [] : [notSupported(MATCH, match, ["NotOlderThan"])];
}

/** A number of the query, or 400 in Go's words. */
function parseInteger(text: string): number {
  if (!/^[-+]?\d+$/.test(text)) {
    throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`);
  }
  return Number(text);
}
