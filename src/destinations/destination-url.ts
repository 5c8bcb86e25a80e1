import { StakeoutError } from "../core/errors.ts";
import { createAddressGuard, type AddressGuard } from "./private-addresses.ts";

/**
 * What is wrong with the address of a destination, as a sentence for people; `undefined` when requests may go there. Nothing
 * is looked up: a host name is checked when it is connected to. The answer holds nothing of the address but its host.
 */
export function urlProblem(text: string, privateNetworks: readonly string[]): string | undefined {
  return problemOf(URL.parse(text), createAddressGuard(privateNetworks));
}

/** The parsed address. Throws `CONFIG_INVALID` where there is a problem. */
export function checkUrl(text: string, guard: AddressGuard): URL {
  const url = URL.parse(text);
  const problem = problemOf(url, guard);
  if (url === null || problem !== undefined) throw new StakeoutError("CONFIG_INVALID", problem ?? "");
  return url;
}

function problemOf(url: URL | null, guard: AddressGuard): string | undefined {
  if (url === null) return "The URL of a destination cannot be read; it begins with https:// or http://.";
  if (url.protocol !== "https:" && url.protocol !== "http:") {
    return `The URL of a destination begins with https:// or http://, not with ${url.protocol}.`;
  }
  if (url.username !== "" || url.password !== "") {
    return `The URL at ${url.host} holds a user name or password. Use an Authorization header instead.`;
  }
  const address = literalAddress(url.hostname);
  if (address === undefined || guard.allows(address)) return undefined;
  return `The URL leads to ${address}, which is not a public address. If that is meant, add its network to privateNetworks.`;
}

/** The parser of URLs has already made one notation of all those that an IPv4 address can have. */
function literalAddress(hostname: string): string | undefined {
  if (hostname.startsWith("[")) return hostname.slice(1, -1);
  return /^\d+\.\d+\.\d+\.\d+$/.test(hostname) ? hostname : undefined;
}
