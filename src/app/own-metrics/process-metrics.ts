import { counter, observableGauge } from "../../telemetry/metric-definition.ts";

/** The process and its part among several; `process_*` and `nodejs_*` have CPU, memory and event-loop lag. */
export const PROCESS_METRICS = {
  build: observableGauge({
    name: "sluice_build_info",
    help: "1; what runs.",
    labels: { version: "of Sluice", node: "version of Node.js" },
  }),
  leader: observableGauge({
    name: "sluice_leader",
    help: "1 while this process may write, else 0; the sum over all pods is 1.",
  }),
  terms: counter({
    name: "sluice_leader_transitions_total",
    help: "Times that this process began or ceased to lead.",
    labels: { to: "leader or standby" },
    initial: [{ to: "leader" }, { to: "standby" }],
  }),
  memoryLimit: observableGauge({
    name: "sluice_memory_limit_bytes",
    help: "The memory limit of the container; absent where there is none.",
  }),
};
