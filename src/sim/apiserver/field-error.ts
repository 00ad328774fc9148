/** One violation, as k8s.io/apimachinery/pkg/util/validation/field words it. */
export interface FieldError {
  /** Reason of the cause, for example `FieldValueInvalid`. */
  readonly reason: string;
  /** Path such as `spec.steps[0].weight`. */
  readonly field: string;
  /** What follows the path: `Invalid value: 0: must be greater than 0`. */
  readonly body: string;
}

export function messageOf(error: FieldError): string {
  return `${error.field}: ${error.body}`;
}

export function causeOf(error: FieldError): {
  readonly reason: string;
  readonly message: string;
  readonly field: string;
} {
  return { reason: error.reason, message: error.body, field: error.field };
}

export function invalidValue(field: string, value: unknown, detail: string): FieldError {
  return { reason: "FieldValueInvalid", field, body: withDetail(`Invalid value: ${show(value)}`, detail) };
}

/** The value has another JSON type than its schema. */
export function wrongType(field: string, value: unknown, detail: string): FieldError {
  return {
    reason: "FieldValueTypeInvalid",
    field,
    body: withDetail(`Invalid value: ${show(value)}`, detail),
  };
}

export function requiredValue(field: string, detail = ""): FieldError {
  return { reason: "FieldValueRequired", field, body: withDetail("Required value", detail) };
}

export function forbiddenValue(field: string, detail: string): FieldError {
  return { reason: "FieldValueForbidden", field, body: withDetail("Forbidden", detail) };
}

export function duplicateValue(field: string, value: unknown): FieldError {
  return { reason: "FieldValueDuplicate", field, body: `Duplicate value: ${show(value)}` };
}

/** `supported` in the order of the message; `shown` where the value is not printed as it is. */
export function notSupported(field: string, value: unknown, supported: readonly unknown[]): FieldError {
  const values = supported.map((item) => show(item)).join(", ");
  return {
    reason: "FieldValueNotSupported",
    field,
    body: withDetail(`Unsupported value: ${show(value)}`, values === "" ? "" : `supported values: ${values}`),
  };
}

export function tooLong(field: string, maximum: number): FieldError {
  return { reason: "FieldValueTooLong", field, body: `Too long: may not be more than ${maximum} bytes` };
}

export function tooMany(field: string, count: number, maximum: number): FieldError {
  return {
    reason: "FieldValueTooMany",
    field,
    body: `Too many: ${count}: must have at most ${maximum} items`,
  };
}

export const IMMUTABLE = "field is immutable";

function withDetail(text: string, detail: string): string {
  return detail === "" ? text : `${text}: ${detail}`;
}

/** Go's %q for texts, JSON for the rest. */
function show(value: unknown): string {
  return JSON.stringify(value ?? null);
}
