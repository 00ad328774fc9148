import { RestClient } from "../../../src/kube/rest-client.ts";
import { Prng } from "../../../src/lib/prng.ts";
import { VirtualClock } from "../../../src/lib/virtual-clock.ts";
import { ApiServer } from "../../../src/sim/apiserver/api-server.ts";
import { WorkloadControllers } from "../../../src/sim/workloads/workload-controllers.ts";
import { compareStep } from "./compare.ts";
import { Normaliser } from "./normalise.ts";
import { loadDefinitions, type RecordedResponse, type Recording } from "./recording.ts";
import { type ActualResponse, type ReplayedStep, replay } from "./replay.ts";

const NAMESPACE = "replay-7f3q";
const ADMIN_TOKEN = "recorder";

/** Replays one recording against a fresh server; tells what differs, by step. */
export async function replayRecording(recording: Recording): Promise<readonly string[]> {
  const clock = new VirtualClock();
  const errors: Error[] = [];
  const apiServer = new ApiServer({
    clock,
    prng: new Prng(7),
    adminToken: ADMIN_TOKEN,
    onError: (error) => errors.push(error),
  });
  for (const crd of loadDefinitions()) await post(apiServer, CRDS_PATH, crd);
  const controllers = recording.asynchronous === true ? await startControllers(apiServer, clock) : undefined;
  await post(apiServer, "/api/v1/namespaces", { metadata: { name: NAMESPACE } });
  const answers = await replay(recording, {
    transport: apiServer.network,
    clock,
    namespace: NAMESPACE,
    adminToken: ADMIN_TOKEN,
  });
  const stopped = controllers?.stop();
  await clock.advance(0);
  await stopped;
  return [...errors.map((error) => `internal error: ${error.stack}`), ...compareAll(recording, answers)];
}

const CRDS_PATH = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";

async function post(apiServer: ApiServer, path: string, body: unknown): Promise<void> {
  const query = new URLSearchParams();
  const answer = await apiServer.send({ method: "POST", path, query, headers: {}, body });
  if (answer.status !== 201) throw new Error(`creating ${path}: ${JSON.stringify(answer.body)}`);
}

/** The recorded cluster had kube-controller-manager, but neither scheduler nor kubelet. */
async function startControllers(apiServer: ApiServer, clock: VirtualClock): Promise<WorkloadControllers> {
  const client = new RestClient({ transport: apiServer, clock, fieldManager: "kube-controller-manager" });
  const controllers = new WorkloadControllers({
    client,
    clock,
    prng: new Prng(8),
    resources: apiServer.registry.list(),
  });
  const started = controllers.start();
  await clock.advance(0);
  await started;
  return controllers;
}

function compareAll(recording: Recording, answers: readonly ReplayedStep[]): readonly string[] {
  const normaliser = new Normaliser(recording, NAMESPACE);
  for (const { response } of answers) normaliser.observe(response.body);
  const differences = answers.flatMap(({ response }, index) => {
    const step = recording.steps[index];
    if (step === undefined) return [];
    const actual = normaliser.apply(response) as ActualResponse;
    const found = compareStep(recording, step, expectedOf(step.response, normaliser), actual);
    return found.map((text) => `step ${index} (${step.request.method} ${step.request.path}): ${text}`);
  });
  return [...differences, ...outOfOrder(recording, normaliser)];
}

/** The recording is normalised already, but for managedFields where they are not compared. */
function expectedOf(response: RecordedResponse, normaliser: Normaliser): RecordedResponse {
  return normaliser.apply(response) as RecordedResponse;
}

function outOfOrder(recording: Recording, normaliser: Normaliser): readonly string[] {
  if (recording.asynchronous === true) return [];
  const order = (recording.rvOrder ?? []).map((name) => Number(normaliser.versions.get(name)));
  return order.flatMap((version, index) => {
    const before = order[index - 1];
    const rises = before === undefined || version > before;
    return rises ? [] : [`rvOrder: ${recording.rvOrder?.[index]} (${version}) does not follow ${before}`];
  });
}
