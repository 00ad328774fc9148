import type { Config } from "../config/config.ts";
import { AddressGuard } from "../net/address-guard.ts";

/** What keeps URLs of Rollouts and their Secrets from leading to the controller itself; absent where nothing has to. */
export function addressGuard({ localWebhooks, allowAddresses }: Config): AddressGuard | undefined {
  return localWebhooks ? undefined : new AddressGuard(allowAddresses);
}
