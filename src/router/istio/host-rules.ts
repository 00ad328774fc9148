import { namesOf } from "../../api/names.ts";
import type { Client } from "../../kube/client.ts";
import type { DestinationRule } from "../../kube/kind/network.ts";
import type { Reader } from "../../kube/reader.ts";
import { DESTINATION_RULE } from "../../kube/resources.ts";
import { driftOf, ensureGenerated, type Generated, removeGenerated, titleOfOwn } from "../generated.ts";
import type { RouteContext } from "../router.ts";
import { buildDestinationRuleSpec, OWNED_SPEC } from "./destination-rule.ts";

/** The DestinationRules of the two hosts, which we make. */
export class HostRules {
  readonly #client: Client;
  readonly #destinationRules: Reader<DestinationRule>;

  constructor(options: { readonly client: Client; readonly destinationRules: Reader<DestinationRule> }) {
    this.#client = options.client;
    this.#destinationRules = options.destinationRules;
  }

  /** A sentence that says what is not as it is wanted; null: nothing. */
  drift(context: RouteContext): string | null {
    const drifts = this.#wanted(context).map((rule) => driftOf(context.rollout, rule));
    return drifts.find((it) => it !== null) ?? null;
  }

  /** One that we have made, as a title; null: there is none. */
  left(context: RouteContext): string | null {
    const titles = this.#wanted(context).map((rule) => titleOfOwn(context.rollout, rule));
    return titles.find((it) => it !== null) ?? null;
  }

  async ensure(context: RouteContext): Promise<void> {
    for (const rule of this.#wanted(context)) await ensureGenerated(this.#client, context.rollout, rule);
  }

  async remove(context: RouteContext): Promise<void> {
    for (const rule of this.#wanted(context)) await removeGenerated(this.#client, context.rollout, rule);
  }

  /** None where the sides are subsets: that rule is the user's. */
  #wanted(context: RouteContext): readonly Generated<DestinationRule>[] {
    if (context.spec.traffic.istio.destinationRule !== undefined) return [];
    const names = namesOf(context.rollout);
    const rules = [
      { name: names.primaryDestinationRule, host: names.primaryService },
      { name: names.canaryDestinationRule, host: names.canaryService },
    ];
    return rules.map(({ name, host }) => ({
      resource: DESTINATION_RULE,
      reader: this.#destinationRules,
      name,
      spec: buildDestinationRuleSpec(context, host),
      owned: OWNED_SPEC,
    }));
  }
}
