import { problemsOfTemplate } from "./template.ts";

/** What may stand in `notifications[].title` and `.text`, and what it means. Empty where a transition has no such thing. */
export const NOTIFICATION_VARIABLES = {
  title: "what happened, in Sluice's words",
  text: "why, with numbers, in Sluice's words",
  next: "what to do next",
  reason: "the transition: WeightChanged, RolledBack",
  severity: "info, warning or error",
  cluster: "the cluster's name, as the controller was told",
  namespace: "the Rollout's namespace",
  name: "the Rollout's name",
  run: "the run's number",
  image: "the image being released",
  revision: "its pod-template-hash",
  weight: "percentage of requests that the canary gets, such as 25",
  step: "the step, such as 2/4",
  age: "how long the run has lasted, such as 12m",
  time: "when it happened, as 2026-01-05T09:00:00Z",
  dashboard: "the URL that dashboardUrl makes",
} as const satisfies Readonly<Record<string, string>>;

export type NotificationVariable = keyof typeof NOTIFICATION_VARIABLES;

/** What is wrong with a template of a title or a text; empty when nothing is. */
export function notificationTemplateProblems(template: string): readonly string[] {
  return problemsOfTemplate(template, NOTIFICATION_VARIABLES, "template");
}

/** What may stand in the controller's `dashboardUrl`. Values are encoded for URLs. */
export const DASHBOARD_VARIABLES = {
  cluster: "the cluster's name",
  namespace: "the Rollout's namespace",
  name: "the Rollout's name",
  target: "the workload that is released",
  revision: "the revision being released",
  run: "the run's number",
  from: "when the run began, ms since 1970, as Grafana takes it",
  to: "when the transition happened, ms since 1970",
  trace: "id of the run's trace, where traces are sent (otlpEndpoint)",
} as const satisfies Readonly<Record<string, string>>;

export type DashboardVariable = keyof typeof DASHBOARD_VARIABLES;

/** What is wrong with a `dashboardUrl`; empty when nothing is. */
export function dashboardUrlProblems(template: string): readonly string[] {
  const problems = problemsOfTemplate(template, DASHBOARD_VARIABLES, "URL");
  const isWeb = /^https?:\/\/[^\s/{}]+/.test(template);
  return isWeb ? problems : ["want an http:// or https:// URL with its host in full", ...problems];
}
