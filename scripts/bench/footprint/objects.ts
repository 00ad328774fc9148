import { readFile } from "node:fs/promises";
import { ROLLOUT } from "../../../src/api/resource.ts";
import { rehearse } from "../../../src/app/rehearsal.ts";
import type { KubeObject } from "../../../src/kube/object.ts";
import type { Resource } from "../../../src/kube/resource.ts";
import {
  DEPLOYMENT,
  DESTINATION_RULE,
  ENDPOINT_SLICE,
  POD,
  REPLICA_SET,
  SERVICE,
  VIRTUAL_SERVICE,
} from "../../../src/kube/resources.ts";
import type { Transport } from "../../../src/kube/transport.ts";
import { loadScenario } from "../../../src/sim/scenario/load.ts";
import { clientOf, NAMESPACE_NAME } from "./populate.ts";

/** Owners before what they own. */
const KINDS = [
  ROLLOUT,
  DEPLOYMENT,
  REPLICA_SET,
  POD,
  SERVICE,
  ENDPOINT_SLICE,
  VIRTUAL_SERVICE,
  DESTINATION_RULE,
] as unknown as readonly Resource<KubeObject>[];

/** One object of a Rollout, and what kind it is. */
export interface Kept {
  readonly resource: Resource<KubeObject>;
  readonly object: KubeObject;
}

interface Moment {
  readonly phase: string;
  readonly timeline: string;
  readonly end: string;
}

const AT_REST: Moment = { phase: "Initialized", timeline: "[]", end: "3m" };
const SHIP = "[{ at: 2m, setImage: { deployment: checkout, image: shop/checkout:v2 } }]";
/** At the first weight, for a minute or so. */
const IN_A_RUN: Moment = { phase: "Progressing", timeline: SHIP, end: "4m" };

/** Everything that a Rollout at rest consists of, as adoption in the embedded cluster leaves it. */
export function objectsAtRest(): Promise<readonly Kept[]> {
  return objectsAt(AT_REST);
}

/** The same in the middle of a run, at its first weight. */
export function objectsInARun(): Promise<readonly Kept[]> {
  return objectsAt(IN_A_RUN);
}

async function objectsAt(moment: Moment): Promise<readonly Kept[]> {
  const path = "examples/checkout/moment.yaml";
  const loaded = await loadScenario(path, async (asked) =>
    asked.endsWith("moment.yaml") ? scenarioOf(moment) : readFile(asked, "utf8"),
  );
  const servers: Transport[] = [];
  const network = (server: Transport): Transport => {
    servers.push(server);
    return server;
  };
  const { phase } = await rehearse({ loaded, network });
  if (phase !== moment.phase) throw new Error(`The Rollout came to ${phase}, want ${moment.phase}.`);
  const client = clientOf(servers[0] as Transport);
  const lists = await Promise.all(
    KINDS.map(async (resource) => {
      const { items } = await client.list(resource, { namespace: NAMESPACE_NAME });
      return items.map((object) => ({ resource, object }));
    }),
  );
  return lists.flat();
}

function scenarioOf({ phase, timeline, end }: Moment): string {
  return `
name: ${phase}
rollout: rollout.yaml
manifests: [deployment.yaml]
timeline: ${timeline}
settings: { end: ${end} }
expect: { phase: ${phase} }
`;
}
