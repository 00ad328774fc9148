import { KubeConfig } from "@kubernetes/client-node/dist/config.js";

/** What client-node fills in: headers, and for some providers a certificate. */
interface Filled {
  headers: Record<string, string>;
}

/**
 * Authenticates by the `auth-provider` of a kubeconfig's user (oidc, and clouds' of old). A file of its own: it is
 * loaded when a kubeconfig asks for it, and a bundler sees that nothing else of client-node is used.
 */
export function providerAuthentication(
  name: string,
  authProvider: { readonly name: string },
): (filled: Filled) => Promise<void> {
  const config = new KubeConfig();
  const server = { name: "cluster", server: "https://localhost", skipTLSVerify: true };
  config.loadFromClusterAndUser(server, { name, authProvider });
  return (filled) => config.applyToHTTPSOptions(filled);
}
