import type { Finding } from "../../api/preflight.ts";
import { containerPort, servingContainer } from "../sides.ts";
import type { PreflightView } from "../view.ts";

/** A pod without one is ready as soon as its process runs. */
export function readinessProbe(view: PreflightView): readonly Finding[] {
  const { canary, namespace, names } = view;
  const serving = canary.template === null ? null : servingContainer(canary.template, containerPort(view));
  if (serving === null || serving.container["readinessProbe"] !== undefined) return [];
  const { container, index } = serving;
  return [
    {
      check: "readiness-probe",
      severity: "warns",
      object: { kind: "Deployment", namespace, name: names.target },
      field: `spec.template.spec.containers[${index}]`,
      what: `has no readinessProbe on container ${container.name}`,
      why: "its pods get requests as soon as their process runs, before it can answer, and go on getting them when it no longer can",
      fix: "Give it one, for example readinessProbe: { httpGet: { path: /healthz, port: http } }",
    },
  ];
}
