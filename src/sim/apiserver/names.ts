/** Kubernetes' rules of names and labels (k8s.io/apimachinery/pkg/util/validation). Each answers with what is wrong. */
export type NameRule = (name: string) => readonly string[];

const SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const LABEL = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
const LABEL_1035 = /^[a-z]([-a-z0-9]*[a-z0-9])?$/;
const QUALIFIED = /^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/;
const LABEL_VALUE = /^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$/;

const SUBDOMAIN_HELP =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const LABEL_HELP =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
const LABEL_1035_HELP =
  "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')";
const NAME_PART_HELP =
  "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
const LABEL_VALUE_HELP =
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";
const NO_DOTS = "must not contain dots";

function bounded(name: string, maximum: number, pattern: RegExp, help: string): readonly string[] {
  const problems = name.length > maximum ? [`must be no more than ${maximum} characters`] : [];
  return pattern.test(name) ? problems : [...problems, help];
}

export const isSubdomain: NameRule = (name) => bounded(name, 253, SUBDOMAIN, SUBDOMAIN_HELP);

export const isLabel: NameRule = (name) =>
  name.includes(".") ? [NO_DOTS] : bounded(name, 63, LABEL, LABEL_HELP);

export const isDnsLabel: NameRule = (name) => bounded(name, 63, LABEL, LABEL_HELP);

export const isLabel1035: NameRule = (name) =>
  name.includes(".") ? [NO_DOTS] : bounded(name, 63, LABEL_1035, LABEL_1035_HELP);

/** Names of RBAC objects may hold almost anything, as `system:controller:...` does. */
export const isPathSegment: NameRule = (name) => {
  if (name === "." || name === "..") return [`may not be '${name}'`];
  return ["/", "%"].filter((part) => name.includes(part)).map((part) => `may not contain '${part}'`);
};

/** Keys of labels and annotations: `[prefix/]name`. */
export const isQualifiedName: NameRule = (key) => {
  const parts = key.split("/");
  const [prefix, name] = parts.length === 1 ? [undefined, key] : parts;
  if (parts.length > 2 || name === undefined) {
    return [
      `a qualified name must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]') with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`,
    ];
  }
  const problems: string[] = [];
  if (prefix === "") problems.push("prefix part must be non-empty");
  else if (prefix !== undefined) problems.push(...isSubdomain(prefix).map((text) => `prefix part ${text}`));
  if (name === "") problems.push("name part must be non-empty");
  else if (name.length > 63) problems.push("name part must be no more than 63 characters");
  if (!QUALIFIED.test(name)) problems.push(NAME_PART_HELP);
  return problems;
};

export const isLabelValue: NameRule = (value) => {
  const problems = value.length > 63 ? ["must be no more than 63 characters"] : [];
  return LABEL_VALUE.test(value) ? problems : [...problems, LABEL_VALUE_HELP];
};
