/** Protocols of ports, wherever a port has one. */
const PROTOCOLS = {
  SCTP: "is the SCTP protocol.",
  TCP: "is the TCP protocol.",
  UDP: "is the UDP protocol.",
};

const PULL_POLICIES = {
  Always:
    "means that kubelet always attempts to pull the latest image. Container will fail If the pull fails.",
  IfNotPresent:
    "means that kubelet pulls if the image isn't present on disk. Container will fail if the image isn't present and the pull fails.",
  Never:
    "means that kubelet never pulls an image, but only uses a local image. Container will fail if the image isn't present",
};

const TERMINATION_MESSAGE_POLICIES = {
  FallbackToLogsOnError:
    "will read the most recent contents of the container logs for the container status message when the container exits with an error and the terminationMessagePath has no contents.",
  File: "is the default behavior and will set the container status message to the contents of the container's terminationMessagePath when the container exits.",
};

const CONTAINER = {
  imagePullPolicy: PULL_POLICIES,
  terminationMessagePolicy: TERMINATION_MESSAGE_POLICIES,
};

/**
 * Fields with a closed set of values: definition, field, value, what it means. The published v2 document, our source,
 * leaves them out; the server adds them to v3 as `enum` and as a paragraph of the description.
 */
export const ENUM_VALUES: Readonly<
  Record<string, Readonly<Record<string, Readonly<Record<string, string>>>>>
> = {
  "io.k8s.api.apps.v1.DeploymentStrategy": {
    type: {
      Recreate: "Kill all existing pods before creating new ones.",
      RollingUpdate:
        "Replace the old ReplicaSets by new one using rolling update i.e gradually scale down the old ReplicaSets and scale up the new one.",
    },
  },
  "io.k8s.api.apps.v1.DaemonSetUpdateStrategy": {
    type: {
      OnDelete: "Replace the old daemons only when it's killed",
      RollingUpdate:
        "Replace the old daemons by new ones using rolling update i.e replace them on each node one after the other.",
    },
  },
  "io.k8s.api.core.v1.Container": CONTAINER,
  "io.k8s.api.core.v1.EphemeralContainer": CONTAINER,
  "io.k8s.api.core.v1.ContainerPort": { protocol: PROTOCOLS },
  "io.k8s.api.core.v1.EndpointPort": { protocol: PROTOCOLS },
  "io.k8s.api.core.v1.PodSpec": {
    dnsPolicy: {
      ClusterFirst:
        "indicates that the pod should use cluster DNS first unless hostNetwork is true, if it is available, then fall back on the default (as determined by kubelet) DNS settings.",
      ClusterFirstWithHostNet:
        "indicates that the pod should use cluster DNS first, if it is available, then fall back on the default (as determined by kubelet) DNS settings.",
      Default: "indicates that the pod should use the default (as determined by kubelet) DNS settings.",
      None: "indicates that the pod should use empty DNS settings. DNS parameters such as nameservers and search paths should be defined via DNSConfig.",
    },
    restartPolicy: { Always: "", Never: "", OnFailure: "" },
  },
  "io.k8s.api.core.v1.PodStatus": {
    phase: {
      Failed:
        "means that all containers in the pod have terminated, and at least one container has terminated in a failure (exited with a non-zero exit code or was stopped by the system).",
      Pending:
        "means the pod has been accepted by the system, but one or more of the containers has not been started. This includes time before being bound to a node, as well as time spent pulling images onto the host.",
      Running:
        "means the pod has been bound to a node and all of the containers have been started. At least one container is still running or is in the process of being restarted.",
      Succeeded:
        "means that all containers in the pod have voluntarily terminated with a container exit code of 0, and the system is not going to restart any of these containers.",
      Unknown:
        "means that for some reason the state of the pod could not be obtained, typically due to an error in communicating with the host of the pod.",
    },
  },
  "io.k8s.api.core.v1.ServicePort": { protocol: PROTOCOLS },
  "io.k8s.api.core.v1.ServiceSpec": {
    internalTrafficPolicy: {
      Cluster: "routes traffic to all endpoints.",
      Local:
        "routes traffic only to endpoints on the same node as the client pod (dropping the traffic if there are no local endpoints).",
    },
    ipFamilyPolicy: { PreferDualStack: "", RequireDualStack: "", SingleStack: "" },
    sessionAffinity: { ClientIP: "is the Client IP based.", None: "- no session affinity." },
    type: {
      ClusterIP: "means a service will only be accessible inside the cluster, via the cluster IP.",
      ExternalName:
        "means a service consists of only a reference to an external name that kubedns or equivalent will return as a CNAME record, with no exposing or proxying of any pods involved.",
      LoadBalancer:
        "means a service will be exposed via an external load balancer (if the cloud provider supports it), in addition to 'NodePort' type.",
      NodePort: "means a service will be exposed on one port of every node, in addition to 'ClusterIP' type.",
    },
  },
};
