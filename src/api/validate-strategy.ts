import { takesMethod } from "./http-match.ts";
import { isHttpPort } from "./protocol.ts";
import type { RolloutSpec } from "./spec.ts";
import { EVERY_METHOD } from "./spec-traffic.ts";

interface Problem {
  readonly field: string;
  readonly message: string;
}

/** What of steps, ramp, A/B test, blue/green and shadow the schema cannot say. */
export function strategyProblems(spec: RolloutSpec): readonly Problem[] {
  const checks = [oneStrategy, risingWeights, rampBounds, matchesNeedHttp, affinityByWeight, mirroredMethods];
  return checks.flatMap((check) => check(spec));
}

function oneStrategy(spec: RolloutSpec): readonly Problem[] {
  const set = (["steps", "ramp", "ab", "blueGreen"] as const).filter((name) => spec[name] !== undefined);
  if (set.length === 1) return [];
  const what = set.length === 0 ? "none is set" : `${set.join(" and ")} are set`;
  return [
    {
      field: `spec.${set[1] ?? "steps"}`,
      message: `${what}; exactly one of steps, ramp, ab and blueGreen must be`,
    },
  ];
}

function risingWeights(spec: RolloutSpec): readonly Problem[] {
  const steps = spec.steps ?? [];
  return steps.flatMap((step, index) => {
    const before = steps[index - 1]?.weight ?? 0;
    if (step.weight > before) return [];
    return [
      {
        field: `spec.steps[${index}].weight`,
        message: `${step.weight} is not above the ${before} of the step before; weights must rise`,
      },
    ];
  });
}

function rampBounds(spec: RolloutSpec): readonly Problem[] {
  if (spec.ramp === undefined || spec.ramp.by <= spec.ramp.to) return [];
  return [{ field: "spec.ramp.by", message: `${spec.ramp.by} is above spec.ramp.to (${spec.ramp.to})` }];
}

/** On a TCP port nobody can tell one request from another. */
function matchesNeedHttp({ ab, blueGreen, service }: RolloutSpec): readonly Problem[] {
  if ((ab ?? blueGreen) === undefined) return [];
  if (isHttpPort({ name: service.portName, appProtocol: service.appProtocol })) return [];
  return [
    {
      field: `spec.${ab === undefined ? "blueGreen" : "ab"}`,
      message: `port ${service.port} is TCP (${service.appProtocol ?? service.portName}), and only HTTP requests can be told apart; use steps or ramp`,
    },
  ];
}

function affinityByWeight({ ab, blueGreen, traffic }: RolloutSpec): readonly Problem[] {
  if (traffic.istio.sessionAffinity === undefined || (ab ?? blueGreen) === undefined) return [];
  const strategy = ab === undefined ? "blueGreen" : "ab";
  return [
    {
      field: "spec.traffic.istio.sessionAffinity",
      message: `assigns clients by weight, and ${strategy} has none; take one of the two away`,
    },
  ];
}

/** With methods that no request has, shadow traffic would wait for evidence for ever. */
function mirroredMethods({ shadow, service, traffic }: RolloutSpec): readonly Problem[] {
  if (shadow === undefined || shadow.methods.includes(EVERY_METHOD)) return [];
  const field = "spec.shadow.methods";
  const methods = shadow.methods.join(", ");
  const isGrpc = /^grpc/.test(service.portName) || service.appProtocol === "grpc";
  if (isGrpc && !shadow.methods.includes("POST")) {
    const message = `${methods} mirror nothing of a gRPC service, whose calls are POST; set [POST] if its calls may be carried out twice, or drop shadow`;
    return [{ field, message }];
  }
  const { match = [] } = traffic.istio;
  const isTaken = match.some((item) => shadow.methods.some((method) => takesMethod(item, method)));
  if (match.length === 0 || isTaken) return [];
  return [
    { field, message: `${methods} are not taken by spec.traffic.istio.match, so nothing would be mirrored` },
  ];
}
