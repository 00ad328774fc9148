import { namesOf, REVISION_ANNOTATION } from "../../api/names.ts";
import { isMadeFor } from "../../api/ownership.ts";
import type { Rollout } from "../../api/rollout.ts";
import { isNotFound } from "../../kube/api-error.ts";
import type { Client } from "../../kube/client.ts";
import { OWNER_INDEX } from "../../kube/indexes.ts";
import type { Deployment, Pod, PodTemplate, ReplicaSet } from "../../kube/kind/workload.ts";
import { type KubeObject, keyOf } from "../../kube/object.ts";
import type { Reader } from "../../kube/reader.ts";
import { DEPLOYMENT } from "../../kube/resources.ts";
import { present } from "../../lib/assert.ts";
import { RevisionGoneError, type Workload, type Workloads, WorkloadUnavailableError } from "../workload.ts";
import { podFacts, primaryState, selectorsOf, targetState } from "./observation.ts";
import { isSameTemplate, primaryTemplate, selectorLabelOf } from "./pod-template.ts";
import { buildPrimary, type PrimarySource, primarySettings } from "./primary.ts";
import { replicaSetOf, templateServedBefore } from "./revisions.ts";
import { targetProblem } from "./target-problem.ts";

export interface DeploymentWorkloadOptions {
  readonly client: Client;
  readonly deployments: Reader<Deployment>;
  /** With OWNER_INDEX (kube/indexes.ts), as `pods`. */
  readonly replicaSets: Reader<ReplicaSet>;
  readonly pods: Reader<Pod>;
}

/** apps/v1 Deployments: the primary is a second Deployment, `<target>-primary`. */
export class DeploymentWorkload implements Workload {
  readonly #client: Client;
  readonly #deployments: Reader<Deployment>;
  readonly #replicaSets: Reader<ReplicaSet>;
  readonly #pods: Reader<Pod>;

  constructor(options: DeploymentWorkloadOptions) {
    this.#client = options.client;
    this.#deployments = options.deployments;
    this.#replicaSets = options.replicaSets;
    this.#pods = options.pods;
  }

  observe(rollout: Rollout): Workloads {
    const target = this.#target(rollout);
    const found = this.#primary(rollout);
    const primary = found !== undefined && isMadeFor(rollout, found) ? found : undefined;
    return {
      target: target === undefined ? null : targetState(target, this.#owned(target), this.#podsOf),
      primary: primary === undefined ? null : primaryState(primary, this.#owned(primary), this.#podsOf),
      problem: targetProblem(rollout, target, found),
      selectors: selectorsOf(target, primary),
      pods: podFacts(target, primary),
    };
  }

  async createPrimary(
    rollout: Rollout,
    options: { readonly revision: string; readonly replicas: number },
  ): Promise<void> {
    if (this.#primary(rollout) !== undefined) return;
    const source = this.#analysed(rollout, options.revision);
    await this.#client.create(DEPLOYMENT, buildPrimary(rollout, source, options.replicas));
  }

  async promote(rollout: Rollout, revision: string): Promise<void> {
    const source = this.#analysed(rollout, revision);
    await this.#serve(rollout, {
      revision,
      template: primaryTemplate(source.template, source.label),
      settings: primarySettings(source.target),
    });
  }

  async revertPrimary(rollout: Rollout, revision: string): Promise<void> {
    const primary = this.#ownPrimary(rollout);
    const template = this.#servedBefore(rollout, primary, revision);
    if (template === undefined) throw revisionGone(rollout, primary.metadata.name, revision);
    await this.#serve(rollout, { revision, template, settings: {} });
  }

  async scaleTarget(rollout: Rollout, replicas: number): Promise<void> {
    const target = this.#target(rollout);
    if (target === undefined && replicas === 0) return;
    if (target === undefined) throw unavailable(rollout, "scaling", namesOf(rollout).target);
    await this.#scale(target, replicas);
  }

  async scalePrimary(rollout: Rollout, replicas: number): Promise<void> {
    await this.#scale(this.#ownPrimary(rollout), replicas);
  }

  async deletePrimary(rollout: Rollout): Promise<void> {
    const primary = this.#primary(rollout);
    if (primary === undefined || !isMadeFor(rollout, primary)) return;
    try {
      await this.#client.delete(DEPLOYMENT, keyOf(primary), {
        propagation: "Background",
        preconditions: { uid: present(primary.metadata.uid, "uid of the primary") },
      });
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }

  /** One write of template, revision and settings together; none when the primary has them already. */
  async #serve(
    rollout: Rollout,
    wanted: {
      readonly revision: string;
      readonly template: PodTemplate;
      readonly settings: Partial<Deployment["spec"]>;
    },
  ): Promise<void> {
    const primary = this.#ownPrimary(rollout);
    const isServed =
      primary.metadata.annotations?.[REVISION_ANNOTATION] === wanted.revision &&
      isSameTemplate(primary.spec.template, wanted.template);
    if (isServed) return;
    await this.#client.update(DEPLOYMENT, {
      ...primary,
      metadata: {
        ...primary.metadata,
        annotations: { ...primary.metadata.annotations, [REVISION_ANNOTATION]: wanted.revision },
      },
      spec: { ...primary.spec, ...wanted.settings, template: wanted.template },
    });
  }

  async #scale(deployment: Deployment, replicas: number): Promise<void> {
    if (deployment.spec.replicas === replicas) return;
    const { resourceVersion } = deployment.metadata;
    await this.#client.patch(DEPLOYMENT, keyOf(deployment), {
      type: "merge",
      body: { metadata: { resourceVersion }, spec: { replicas } },
    });
  }

  /** The template of the target's ReplicaSet of this revision, and what is needed to make it the primary's. */
  #analysed(rollout: Rollout, revision: string): PrimarySource {
    const { target: name } = namesOf(rollout);
    const target = this.#target(rollout);
    if (target === undefined) throw revisionGone(rollout, name, revision);
    const label = selectorLabelOf(target.spec.selector);
    if (label === null) throw unavailable(rollout, "copying", name);
    const replicaSet = replicaSetOf(revision, this.#owned(target));
    if (replicaSet === undefined) throw revisionGone(rollout, name, revision);
    return { target, label, template: replicaSet.spec.template, revision };
  }

  /** The target's ReplicaSet is the original; the primary's own is the copy that outlives the target. */
  #servedBefore(rollout: Rollout, primary: Deployment, revision: string): PodTemplate | undefined {
    const target = this.#target(rollout);
    const label = target === undefined ? null : selectorLabelOf(target.spec.selector);
    const original = target === undefined ? undefined : replicaSetOf(revision, this.#owned(target));
    if (original !== undefined && label !== null) return primaryTemplate(original.spec.template, label);
    return templateServedBefore(revision, this.#owned(primary));
  }

  #ownPrimary(rollout: Rollout): Deployment {
    const primary = this.#primary(rollout);
    if (primary !== undefined && isMadeFor(rollout, primary)) return primary;
    throw unavailable(rollout, "changing", namesOf(rollout).primary);
  }

  #target(rollout: Rollout): Deployment | undefined {
    return this.#deployment(rollout, namesOf(rollout).target);
  }

  #primary(rollout: Rollout): Deployment | undefined {
    return this.#deployment(rollout, namesOf(rollout).primary);
  }

  /** One that is being deleted is as good as gone: its pods are going. */
  #deployment(rollout: Rollout, name: string): Deployment | undefined {
    const found = this.#deployments.get({ namespace: rollout.metadata.namespace, name });
    return found?.metadata.deletionTimestamp === undefined ? found : undefined;
  }

  #owned(deployment: Deployment): readonly ReplicaSet[] {
    return this.#replicaSets.by(OWNER_INDEX, present(deployment.metadata.uid, "uid of a Deployment"));
  }

  readonly #podsOf = (owner: KubeObject): readonly Pod[] =>
    this.#pods.by(OWNER_INDEX, present(owner.metadata.uid, "uid of a ReplicaSet"));
}

function revisionGone(rollout: Rollout, deployment: string, revision: string): RevisionGoneError {
  const { namespace = "default" } = rollout.metadata;
  return new RevisionGoneError(
    `reading revision ${revision} of Deployment ${namespace}/${deployment}: its ReplicaSet no longer exists`,
  );
}

function unavailable(rollout: Rollout, doing: string, name: string): WorkloadUnavailableError {
  const { namespace = "default" } = rollout.metadata;
  return new WorkloadUnavailableError(
    `${doing} Deployment ${namespace}/${name}: it does not exist, or it is not one that Sluice may change`,
  );
}
