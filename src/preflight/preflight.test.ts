import { describe, expect, it } from "vitest";
import { PreflightWorld, split } from "../../test/support/preflight-world.ts";
import { findingText } from "../api/preflight.ts";
import type { KubeObject } from "../kube/object.ts";

const SHOP = { apiVersion: "v1", kind: "Namespace", metadata: { name: "shop" } };
const IN_MESH = { tls: { mode: "ISTIO_MUTUAL" } };
const STRICT = { mtls: { mode: "STRICT" } };
const OPT_OUT = { app: "checkout", "sidecar.istio.io/inject": "false" };

function aWorld(...objects: readonly KubeObject[]): PreflightWorld {
  return new PreflightWorld().put(...objects);
}

function textOf(world: PreflightWorld): string {
  return world.findings().map(findingText).join("\n");
}

describe("a world as it should be", () => {
  it("has nothing to be told of", () => {
    expect(new PreflightWorld().report()).toEqual({ findings: [], unseen: [] });
  });

  it("says what could not be looked at, unless nobody wants to know", () => {
    const world = new PreflightWorld();
    world.absences = { peerauthentications: "peerauthentications.security.istio.io may not be read (RBAC)" };
    expect(world.report().unseen).toEqual(["peerauthentications.security.istio.io may not be read (RBAC)"]);
    world.ignore = ["strict-mtls", "destination-tls"];
    expect(world.report().unseen).toEqual([]);
  });
});

describe("sidecar", () => {
  it("blocks when canary pods are outside of the mesh that the primary's are in, and says how many", () => {
    const world = aWorld(SHOP).pods("checkout", [true, false, false]);
    expect(world.found()).toEqual(["blocks sidecar Deployment/checkout"]);
    expect(textOf(world)).toContain("has 2 of 3 canary pods without istio-proxy (checkout-v2-1)");
    expect(textOf(world)).toContain("kubectl label namespace shop istio-injection=enabled");
  });

  it("names what keeps them out, and knows it before there are pods", () => {
    const world = aWorld(new PreflightWorld().deployment("checkout", OPT_OUT)).pods("checkout", []);
    expect(world.found()).toEqual(["blocks sidecar Deployment/checkout"]);
    expect(textOf(world)).toContain('Take the label sidecar.istio.io/inject: "false" off the pod template.');
    const onHost = aWorld(
      new PreflightWorld().deployment("checkout", { app: "checkout" }, { hostNetwork: true }),
    );
    expect(textOf(onHost.pods("checkout", [false]))).toContain(
      "Take hostNetwork: true off the pod template.",
    );
  });

  it.each([
    [{ "istio-injection": "disabled" }, "kubectl label --overwrite namespace shop istio-injection=enabled"],
    [{ "istio.io/rev": "1-28" }, "look at istiod of revision 1-28"],
    [{}, "kubectl label namespace shop istio-injection=enabled"],
  ])("tells the fix from the namespace's labels %j", (labels, fix) => {
    const world = aWorld({ ...SHOP, metadata: { name: "shop", labels } });
    expect(textOf(world.pods("checkout", [false]))).toContain(fix);
  });

  it("says nothing where both sides are outside, and where ambient has the canary", () => {
    expect(aWorld(SHOP).pods("checkout", [false]).pods("checkout-primary", [false]).found()).toEqual([]);
    const world = aWorld().pods("checkout", [false]);
    const [key, pod] = [...world.objects].find(([it]) => it.startsWith("Pod/shop/checkout-v2"))!;
    const annotations = { "ambient.istio.io/redirection": "enabled" };
    world.objects.set(key, { ...pod, metadata: { ...pod.metadata, annotations } });
    expect(world.found()).toEqual([]);
  });

  it("warns in files of a pod template that opts out of the mesh of its namespace", () => {
    const world = aWorld(new PreflightWorld().deployment("checkout", OPT_OUT))
      .remove("Pod")
      .remove("Deployment", "checkout-primary");
    world.source = "files";
    expect(world.found()).toEqual(["warns sidecar Deployment/checkout"]);
    world.put(SHOP);
    expect(world.found()).toEqual([]);
  });
});

describe("strict-mtls", () => {
  const outside = () => aWorld(SHOP).pods("checkout", [false]).pods("checkout-primary", [false]);

  it.each([
    ["the mesh", outside().put(outside().peers(STRICT, "istio-system"))],
    ["the namespace", outside().put(outside().peers(STRICT))],
    [
      "the workload",
      outside().put(outside().peers({ ...STRICT, selector: { matchLabels: { app: "checkout" } } })),
    ],
    [
      "its port",
      outside().put(
        outside().peers({
          selector: { matchLabels: { app: "checkout" } },
          portLevelMtls: { "8080": { mode: "STRICT" } },
        }),
      ),
    ],
  ])("warns of a workload outside of the mesh where %s asks for STRICT", (_, world) => {
    expect(world.found()).toEqual(["warns strict-mtls PeerAuthentication/default"]);
  });

  it("takes the narrowest policy, and none of another namespace, workload or port", () => {
    const world = outside();
    world.put(world.peers(STRICT, "istio-system"), world.peers({ mtls: { mode: "PERMISSIVE" } }));
    world.put(world.peers(STRICT, "elsewhere"));
    world.put(world.peers({ ...STRICT, selector: { matchLabels: { app: "cart" } } }, "shop", "cart"));
    const selector = { matchLabels: { app: "checkout" } };
    world.put(world.peers({ selector, portLevelMtls: { "9090": { mode: "STRICT" } } }, "shop", "admin"));
    expect(world.found()).toEqual([]);
  });

  it("warns of callers that will be refused when the workload enters the mesh", () => {
    const world = aWorld(SHOP).pods("checkout-primary", [false]);
    world.put(world.peers(STRICT));
    expect(world.found()).toEqual(["warns strict-mtls PeerAuthentication/default"]);
    expect(textOf(world)).toContain("callers without a sidecar, whom the primary answers, are refused");
  });
});

describe("destination-tls", () => {
  const canaryRule = (mode: string) =>
    new PreflightWorld().rule("checkout-canary", {
      host: "checkout-canary",
      trafficPolicy: { tls: { mode } },
    });

  it.each(["DISABLE", "SIMPLE"])("blocks on tls %s under STRICT", (mode) => {
    const world = aWorld(canaryRule(mode));
    expect(world.found()).toEqual([]);
    world.put(world.peers(STRICT));
    // A rule that Sluice makes is put right in the Rollout.
    expect(world.found()).toEqual(["blocks destination-tls Rollout/checkout"]);
    expect(world.findings()[0]?.field).toBe("spec.traffic.istio.trafficPolicy.tls.mode");
  });

  it("blocks on ISTIO_MUTUAL to pods without a proxy, and where they take plain text alone", () => {
    const rule = canaryRule("ISTIO_MUTUAL");
    const bare = aWorld(rule, SHOP).pods("checkout", [false]).pods("checkout-primary", [false]);
    expect(bare.found()).toEqual(["blocks destination-tls Rollout/checkout"]);
    const world = aWorld(rule);
    expect(world.put(world.peers({ mtls: { mode: "DISABLE" } })).found()).toEqual([
      "blocks destination-tls Rollout/checkout",
    ]);
  });

  it("finds it in a rule for all hosts of the user's, and tells of it once", () => {
    const world = aWorld().remove("DestinationRule");
    world.put(
      world.peers(STRICT),
      world.rule("all", { host: "*.shop.svc.cluster.local", trafficPolicy: { tls: { mode: "DISABLE" } } }),
    );
    expect(world.found()).toEqual(["blocks destination-tls DestinationRule/all"]);
    // An exact host goes before the pattern.
    world.put(
      world.rule("canary", { host: "checkout-canary" }),
      world.rule("primary", { host: "checkout-primary" }),
    );
    expect(world.found()).toEqual([]);
  });

  it("takes the settings of a subset and of a port before those of the host", () => {
    const world = aWorld();
    world.spec = {
      traffic: {
        istio: { destinationRule: { name: "checkout", primarySubset: "stable", canarySubset: "canary" } },
      },
    };
    const subset = (policy: object) =>
      world.rule("checkout", {
        host: "checkout",
        trafficPolicy: IN_MESH,
        subsets: [
          { name: "stable", labels: { app: "checkout-primary" } },
          { name: "canary", labels: { app: "checkout" }, trafficPolicy: policy },
        ],
      });
    world.put(world.peers(STRICT), subset({ tls: { mode: "DISABLE" } }));
    expect(world.findings()[0]).toMatchObject({
      field: "spec.subsets[1].trafficPolicy.tls.mode",
      severity: "blocks",
    });
    const portLevelSettings = [{ port: { number: 80 }, tls: { mode: "ISTIO_MUTUAL" } }];
    world.put(subset({ tls: { mode: "DISABLE" }, portLevelSettings }));
    expect(world.found()).toEqual([]);
  });
});

describe("destinations", () => {
  const own = (http: readonly object[]) => {
    const world = aWorld().remove("VirtualService");
    world.spec = { traffic: { istio: { virtualServices: [{ name: "edge" }] } } };
    return world.put(world.virtualService("edge", { hosts: ["checkout"], http }));
  };
  const to = (host: string, subset?: string) => ({
    destination: { host, ...(subset === undefined ? {} : { subset }) },
  });

  it("blocks where a route that is split sends to no Service, and warns where another one does", () => {
    const main = { name: "main", route: [to("checkout"), to("chekout-beta")] };
    expect(own([main]).found()).toEqual(["blocks destinations VirtualService/edge"]);
    const world = own([{ name: "old", route: [to("legacy")] }, split()]);
    expect(world.found()).toEqual(["warns destinations VirtualService/edge"]);
    expect(world.findings()[0]?.field).toBe("spec.http[0].route[0].destination.host");
    expect(textOf(world)).toContain("sends to legacy (route old), and there is no Service shop/legacy");
  });

  it("knows hosts in full, of other namespaces, and those outside of the cluster", () => {
    const world = own([
      split(),
      {
        route: [
          to("checkout.shop.svc.cluster.local"),
          to("pay.example.com"),
          to("cart.basket.svc.cluster.local"),
        ],
      },
    ]);
    expect(world.found()).toEqual(["blocks destinations VirtualService/edge"]);
    expect(textOf(world)).toContain("no Service basket/cart");
    // What is not in the files may be in the cluster.
    world.source = "files";
    expect(world.found()).toEqual([]);
  });

  it("looks at mirrors too", () => {
    expect(own([split({ mirror: { host: "shadow" } })]).findings()[0]?.field).toBe(
      "spec.http[0].mirror.host",
    );
  });

  it("blocks on a subset that nobody defines, and names those that there are", () => {
    const world = own([{ route: [to("checkout"), to("checkout", "beta")] }]);
    expect(world.found()).toEqual(["blocks destinations VirtualService/edge"]);
    world.put(
      world.rule("checkout", { host: "checkout", subsets: [{ name: "betta", labels: { app: "checkout" } }] }),
    );
    expect(textOf(world)).toContain("which is none of those that are defined (betta)");
  });

  it("warns of a subset whose labels no pod has", () => {
    const world = own([{ route: [to("checkout"), to("checkout", "beta")] }]);
    world.put(
      world.rule("checkout", { host: "checkout", subsets: [{ name: "beta", labels: { app: "beta" } }] }),
    );
    expect(world.found()).toEqual(["warns destinations DestinationRule/checkout"]);
    expect(textOf(world)).toContain("defines subset beta by app=beta, and no pod has that");
  });

  it("warns of a rule of one of its names that is about no Service", () => {
    const world = aWorld();
    world.put(world.rule("checkout", { host: "chekout" }), world.rule("somebody-elses", { host: "gone" }));
    expect(world.found()).toEqual(["warns destinations DestinationRule/checkout"]);
    world.source = "files";
    expect(world.found()).toHaveLength(2);
  });
});

describe("virtual-service-conflict", () => {
  const OLD = "2025-01-01T00:00:00Z";
  const YOUNG = "2026-11-01T00:00:00Z";
  const route = [{ destination: { host: "checkout" } }];
  const other = (spec: object, at?: string, namespace?: string) =>
    aWorld(new PreflightWorld().virtualService("other", { http: [{ route }], ...spec }, at, namespace));

  it("blocks where an older one has the apex' host for the sidecars, in whatever form", () => {
    for (const host of ["checkout", "checkout.shop.svc.cluster.local"])
      expect(other({ hosts: [host] }, OLD).found()).toEqual([
        "blocks virtual-service-conflict VirtualService/other",
      ]);
    expect(other({ hosts: ["checkout.shop.svc.cluster.local"] }, OLD, "team").found()).toHaveLength(1);
  });

  it("warns where it is younger, since sidecars heed the older one", () => {
    const world = other({ hosts: ["checkout"] }, YOUNG);
    expect(world.found()).toEqual(["warns virtual-service-conflict VirtualService/other"]);
    expect(textOf(world)).toContain("so that the other has no effect");
  });

  it("says nothing of another host, another gateway, a delegate, and one that is not seen here", () => {
    expect(other({ hosts: ["cart"] }, OLD).found()).toEqual([]);
    expect(other({ hosts: ["checkout"], gateways: ["edge"] }, OLD).found()).toEqual([]);
    expect(other({ hosts: [] }, OLD).found()).toEqual([]);
    expect(other({ hosts: ["checkout"], exportTo: ["team"] }, OLD).found()).toEqual([]);
  });

  describe("at a gateway, which joins routes", () => {
    const shared = (theirs: readonly object[], ours: readonly object[], at = OLD) => {
      const hosts = ["shop.example.com"];
      const world = other({ hosts, gateways: ["istio-system/public"], http: theirs }, at);
      const gateways = ["istio-system/public"];
      return world.put(
        world.virtualService("checkout", { hosts, gateways, http: ours }, "2026-01-05T09:00:00Z"),
      );
    };
    const under = (prefix: string) => ({ match: [{ uri: { prefix } }], route });

    it("blocks where an older one takes what is ours", () => {
      const found = ["blocks virtual-service-conflict VirtualService/other"];
      expect(shared([{ route }], [split()]).found()).toEqual(found);
      expect(
        shared([under("/pay")], [split({ match: [{ uri: { prefix: "/pay/cards" } }] })]).found(),
      ).toEqual(found);
      expect(shared([under("/pay")], [split({ match: [{ uri: { prefix: "/pay" } }] })]).found()).toEqual(
        found,
      );
    });

    it("says nothing where paths are apart, and where ours is older", () => {
      expect(shared([under("/cart")], [split({ match: [{ uri: { prefix: "/pay" } }] })]).found()).toEqual([]);
      expect(shared([under("/cart")], [split()]).found()).toEqual([]);
      expect(shared([{ route }], [split({ match: [{ uri: { prefix: "/pay" } }] })]).found()).toEqual([]);
      expect(shared([{ route }], [split()], YOUNG).found()).toEqual([]);
    });
  });
});

describe("retries", () => {
  const generated = (istio: object) => {
    const world = new PreflightWorld();
    world.spec = { traffic: { istio } };
    return world;
  };

  it("warns of tries that do not fit into the timeout, and says what would", () => {
    const retries = { attempts: 3, perTryTimeout: "3s", retryOn: "connect-failure" };
    const world = generated({ retries, timeout: "8s" });
    expect(world.found()).toEqual(["warns retry-timeout Rollout/checkout"]);
    expect(textOf(world)).toContain(
      "gives 3 retries 3s each (the weighted route), 9s in all, within a timeout of 8s",
    );
    expect(generated({ retries, timeout: "9s" }).found()).toEqual([]);
    expect(generated({ retries }).found()).toEqual([]);
  });

  it.each(["5xx", "gateway-error", "connect-failure,503", "retriable-status-codes,reset"])(
    "warns of retryOn %s, by which a charge may be made twice",
    (retryOn) => {
      expect(generated({ retries: { attempts: 2, retryOn } }).found()).toEqual([
        "warns retry-on-errors Rollout/checkout",
      ]);
      expect(generated({ retries: { attempts: 0, retryOn } }).found()).toEqual([]);
    },
  );

  it("says nothing of Istio's default, and where only idempotent methods are taken", () => {
    expect(generated({ retries: { attempts: 2 } }).found()).toEqual([]);
    const retries = { attempts: 2, retryOn: "5xx" };
    const methods = (...all: readonly object[]) => all.map((method) => ({ method }));
    expect(
      generated({ retries, match: methods({ exact: "GET" }, { regex: "^(HEAD|PUT)$" }) }).found(),
    ).toEqual([]);
    expect(generated({ retries, match: methods({ exact: "GET" }, { exact: "POST" }) }).found()).toHaveLength(
      1,
    );
  });

  it("looks at the routes of the user's VirtualServices that are split, and not at Sluice's own in them", () => {
    const world = aWorld().remove("VirtualService");
    world.spec = { traffic: { istio: { virtualServices: [{ name: "edge" }] } } };
    const retries = { attempts: 2, retryOn: "5xx" };
    const http = [
      split({ name: "sluice-checkout-mirror-main", retries }),
      split({ name: "main", retries }),
      { name: "x", retries },
    ];
    world.put(world.virtualService("edge", { hosts: ["checkout"], http }));
    expect(world.found()).toEqual(["warns retry-on-errors VirtualService/edge"]);
    expect(world.findings()[0]?.field).toBe("spec.http[1].retries.retryOn");
  });
});

describe("readiness-probe", () => {
  it("warns of a container that serves the port and has none, whatever stands beside it", () => {
    const containers = [
      { name: "istio-proxy", ports: [{ containerPort: 15_090 }] },
      { name: "logs", image: "logs" },
      { name: "app", image: "app", ports: [{ name: "http", containerPort: 8080 }] },
    ];
    const world = aWorld(new PreflightWorld().deployment("checkout", { app: "checkout" }, { containers }));
    expect(world.found()).toEqual(["warns readiness-probe Deployment/checkout"]);
    expect(world.findings()[0]?.field).toBe("spec.template.spec.containers[2]");
    expect(textOf(world)).toContain("has no readinessProbe on container app");
  });
});

describe("port-protocol", () => {
  it.each([
    [{ name: "web", port: 80 }, "names port 80 web"],
    [{ port: 80 }, "gives port 80 no name"],
    [{ name: "httpd", port: 80 }, "names port 80 httpd"],
  ])("warns of a port %j", (port, text) => {
    const world = aWorld(new PreflightWorld().service("checkout", port));
    expect(world.found()).toEqual(["warns port-protocol Service/checkout"]);
    expect(textOf(world)).toContain(text);
  });

  it.each([
    { name: "http-web", port: 80 },
    { name: "grpc", port: 80 },
    { name: "web", port: 80, appProtocol: "http" },
    { name: "web", port: 80, appProtocol: "kubernetes.io/h2c" },
    { name: "dns", port: 53, protocol: "UDP" },
  ])("says nothing of %j", (port) => {
    expect(aWorld(new PreflightWorld().service("checkout", port)).found()).toEqual([]);
  });

  it("tells of the Rollout's own portName once", () => {
    const world = aWorld(new PreflightWorld().service("checkout", { name: "web", port: 80 }));
    world.spec = { service: { port: 80, portName: "web" } };
    expect(world.found()).toEqual(["warns port-protocol Rollout/checkout"]);
  });
});

describe("outlier-ejection", () => {
  const outlier = (outlierDetection: object) => {
    const rule = { host: "checkout-canary", trafficPolicy: { outlierDetection } };
    return aWorld(new PreflightWorld().rule("checkout-canary", rule));
  };

  it("warns where all canary pods may be ejected at once", () => {
    const world = outlier({ consecutive5xxErrors: 3, maxEjectionPercent: 100 });
    expect(world.found()).toEqual(["warns outlier-ejection Rollout/checkout"]);
    expect(textOf(world)).toContain(
      "may eject all 3 canary pods at once (maxEjectionPercent 100, no minHealthPercent), each after 3 errors in a row",
    );
  });

  it.each([
    {},
    { maxEjectionPercent: 99 },
    { maxEjectionPercent: 100, minHealthPercent: 1 },
    { maxEjectionPercent: 100, consecutive5xxErrors: 0 },
  ])("says nothing of %j", (policy) => {
    expect(outlier(policy).found()).toEqual([]);
  });
});

describe("spec.preflight.ignore", () => {
  it("skips the checks that it names, and no other", () => {
    const world = aWorld(SHOP, new PreflightWorld().service("checkout", { name: "web", port: 80 })).pods(
      "checkout",
      [false],
    );
    expect(world.found()).toHaveLength(2);
    world.ignore = ["sidecar"];
    expect(world.found()).toEqual(["warns port-protocol Service/checkout"]);
  });
});
