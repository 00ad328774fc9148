import type { Condition, HorizontalPodAutoscaler as KubeAutoscaler } from "../../../kube/kind/workload.ts";
import type { Resource } from "../../../kube/resource.ts";
import { HORIZONTAL_POD_AUTOSCALER } from "../../../kube/resources.ts";

export interface MetricTarget {
  readonly type: "Utilization" | "AverageValue" | "Value";
  readonly averageUtilization?: number;
  readonly averageValue?: string;
}

export interface MetricSpec {
  readonly type: string;
  readonly resource?: { readonly name: string; readonly target: MetricTarget };
}

export interface ScalingPolicy {
  readonly type: "Pods" | "Percent";
  readonly value: number;
  readonly periodSeconds: number;
}

export interface ScalingRules {
  readonly stabilizationWindowSeconds?: number;
  readonly selectPolicy?: "Max" | "Min" | "Disabled";
  readonly policies?: readonly ScalingPolicy[];
}

export interface MetricStatus {
  readonly type: "Resource";
  readonly resource: {
    readonly name: string;
    readonly current: { readonly averageValue: string; readonly averageUtilization?: number };
  };
}

export interface AutoscalerStatus {
  readonly observedGeneration?: number;
  readonly lastScaleTime?: string;
  readonly currentReplicas?: number;
  readonly desiredReplicas: number;
  readonly currentMetrics?: readonly MetricStatus[] | null;
  readonly conditions?: readonly Condition[];
  readonly [member: string]: unknown;
}

/** autoscaling/v2, as stored. */
export interface Autoscaler extends KubeAutoscaler {
  readonly spec: KubeAutoscaler["spec"] & {
    readonly metrics?: readonly MetricSpec[];
    readonly behavior?: { readonly scaleUp?: ScalingRules; readonly scaleDown?: ScalingRules };
  };
  readonly status?: AutoscalerStatus;
}

export const AUTOSCALERS = HORIZONTAL_POD_AUTOSCALER as Resource<Autoscaler>;
