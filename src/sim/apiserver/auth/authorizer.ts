import type { AnyObject } from "../../../kube/object.ts";
import { asList, asObject, type JsonObject } from "../json-object.ts";
import { forbidden, StatusFailure } from "../status.ts";
import type { Store } from "../store/store.ts";
import type { UserInfo } from "../verbs/call.ts";

/** What somebody wants to do to a resource. */
export interface Attributes {
  readonly verb: string;
  readonly group: string;
  readonly resource: string;
  readonly subresource: string | undefined;
  readonly namespace: string | undefined;
  readonly name: string | undefined;
}

/** What somebody wants to do to a path that is no resource. */
export interface PathAttributes {
  readonly verb: string;
  readonly path: string;
}

/** A rule of a Role or ClusterRole. */
export interface PolicyRule {
  readonly verbs?: readonly string[];
  readonly apiGroups?: readonly string[];
  readonly resources?: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly nonResourceURLs?: readonly string[];
}

const RBAC = "rbac.authorization.k8s.io";

/** RBAC: what is not granted by a role that is bound to the user or to a group of theirs is refused. */
export class Authorizer {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  allows(user: UserInfo, attributes: Attributes): boolean {
    if (user.groups.includes("system:masters")) return true;
    return this.rulesOf(user, attributes.namespace).some((rule) => covers(rule, attributes));
  }

  allowsPath(user: UserInfo, attributes: PathAttributes): boolean {
    if (user.groups.includes("system:masters")) return true;
    return this.rulesOf(user, undefined).some((rule) => coversPath(rule, attributes));
  }

  /** Fails with 403 in Kubernetes' words. */
  check(user: UserInfo, attributes: Attributes): void {
    if (this.allows(user, attributes)) return;
    const { verb, group, resource, subresource, namespace, name = "" } = attributes;
    const scope = namespace === undefined ? "at the cluster scope" : `in the namespace "${namespace}"`;
    const full = subresource === undefined ? resource : `${resource}/${subresource}`;
    throw forbidden(
      { group, plural: resource },
      name,
      `User "${user.name}" cannot ${verb} resource "${full}" in API group "${group}" ${scope}`,
    );
  }

  checkPath(user: UserInfo, attributes: PathAttributes): void {
    if (this.allowsPath(user, attributes)) return;
    throw new StatusFailure({
      message: `forbidden: User "${user.name}" cannot ${attributes.verb} path "${attributes.path}"`,
      reason: "Forbidden",
      details: {},
      code: 403,
    });
  }

  /** The rules that hold for a user everywhere, and in a namespace if one is given. */
  rulesOf(user: UserInfo, namespace: string | undefined): readonly PolicyRule[] {
    const everywhere = this.#bindings("clusterrolebindings", "").flatMap((binding) =>
      this.#rulesFrom(binding, user, ""),
    );
    if (namespace === undefined) return everywhere;
    const here = this.#bindings("rolebindings", namespace);
    return [...everywhere, ...here.flatMap((binding) => this.#rulesFrom(binding, user, namespace))];
  }

  #bindings(plural: string, namespace: string): readonly AnyObject[] {
    return this.#store.collection(`${plural}.${RBAC}`).list(namespace);
  }

  #rulesFrom(binding: AnyObject, user: UserInfo, namespace: string): readonly PolicyRule[] {
    const isBound = asList(binding["subjects"]).some((subject) => names(asObject(subject), user, namespace));
    if (!isBound) return [];
    const { kind, name } = asObject(binding["roleRef"]);
    const role =
      kind === "ClusterRole"
        ? this.#store.collection(`clusterroles.${RBAC}`).get("", String(name))
        : this.#store.collection(`roles.${RBAC}`).get(namespace, String(name));
    return asList(role?.["rules"]) as readonly PolicyRule[];
  }
}

function names(subject: JsonObject, user: UserInfo, namespace: string): boolean {
  const { kind, name } = subject;
  if (kind === "User") return name === user.name;
  if (kind === "Group") return user.groups.includes(String(name));
  const home = subject["namespace"] ?? namespace;
  return kind === "ServiceAccount" && user.name === `system:serviceaccount:${home}:${name}`;
}

function has(values: readonly string[] | undefined, wanted: string): boolean {
  return values !== undefined && (values.includes("*") || values.includes(wanted));
}

export function covers(rule: PolicyRule, { verb, group, resource, subresource, name }: Attributes): boolean {
  if (!has(rule.verbs, verb) || !has(rule.apiGroups, group)) return false;
  const isNamed = rule.resourceNames === undefined || rule.resourceNames.length === 0;
  if (!isNamed && (name === undefined || !rule.resourceNames?.includes(name))) return false;
  if (subresource === undefined) return has(rule.resources, resource);
  return (
    has(rule.resources, `${resource}/${subresource}`) || (rule.resources ?? []).includes(`*/${subresource}`)
  );
}

function coversPath(rule: PolicyRule, { verb, path }: PathAttributes): boolean {
  if (!has(rule.verbs, verb)) return false;
  return (rule.nonResourceURLs ?? []).some((pattern) =>
    pattern.endsWith("*") ? path.startsWith(pattern.slice(0, -1)) : path === pattern,
  );
}
