import ipaddr from "ipaddr.js";

type Address = ipaddr.IPv4 | ipaddr.IPv6;
type Network = readonly [Address, number];

/** The only part of IPv6 from which public addresses are given out. Older forms that hold IPv4 addresses lie outside. */
const globalUnicast: Network = [ipaddr.parse("2000::"), 3];

/** Says which addresses requests may go to: public ones, and those of some private networks. */
export interface AddressGuard {
  /** `address` is an IP address as text. */
  allows(address: string): boolean;
}

/**
 * `privateNetworks` in CIDR notation (`10.1.0.0/16`, `fd00::/8`); a plain address stands for itself. Throws a RangeError for
 * anything else. Not public are: private, loopback, link-local, unique-local, multicast, broadcast, unspecified, carrier NAT
 * and reserved addresses, and IPv6 forms that lead to IPv4 addresses (IPv4-mapped, 6to4, NAT64, Teredo).
 */
export function createAddressGuard(privateNetworks: readonly string[]): AddressGuard {
  const networks = privateNetworks.map(parseNetwork);
  return {
    allows(address) {
      if (!ipaddr.isValid(address)) return false;
      const parsed = ipaddr.parse(address);
      if (isPublic(parsed)) return true;
      const forms =
        parsed instanceof ipaddr.IPv6 && parsed.isIPv4MappedAddress()
          ? [parsed, parsed.toIPv4Address()]
          : [parsed];
      return forms.some((form) => networks.some((network) => contains(network, form)));
    },
  };
}

function parseNetwork(text: string): Network {
  if (ipaddr.isValidCIDR(text)) return ipaddr.parseCIDR(text);
  // The library also takes 127.1 and the like, where a slip of the pen becomes another network.
  if (ipaddr.IPv6.isValid(text) || ipaddr.IPv4.isValidFourPartDecimal(text)) {
    const address = ipaddr.parse(text);
    return [address, address.toByteArray().length * 8];
  }
  throw new RangeError(`${text} is not a network such as 10.1.0.0/16 or fd00::/8.`);
}

function isPublic(address: Address): boolean {
  if (address.range() !== "unicast") return false;
  return address.kind() === "ipv4" || contains(globalUnicast, address);
}

function contains([base, bits]: Network, address: Address): boolean {
  return base.kind() === address.kind() && address.match(base, bits);
}
