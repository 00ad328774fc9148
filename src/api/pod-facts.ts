/** What the pod templates of target and primary say, as far as routing depends on it. */
export interface PodFacts {
  /** Labels of the target's pods; null while there is no target. */
  readonly labels: Readonly<Record<string, string>> | null;
  /** Container ports of either side; a port that both have stands once. */
  readonly ports: readonly PodPort[];
}

export interface PodPort {
  readonly name?: string;
  readonly containerPort: number;
  /** Default: TCP. */
  readonly protocol?: string;
}

export const NO_POD_FACTS: PodFacts = { labels: null, ports: [] };
