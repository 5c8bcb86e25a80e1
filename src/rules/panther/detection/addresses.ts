import { BlockList, isIP } from "node:net";

import type { JsonValue } from "../../../core/json.ts";

/** 4 or 6 for the text of an address, 0 for everything else. */
export function addressFamily(value: JsonValue): number {
  return typeof value === "string" ? isIP(value) : 0;
}

/** Ranges of addresses. An IPv6 address that stands for an IPv4 one (`::ffff:10.0.0.1`) is in the ranges of that one too. */
export class Networks {
  // Apart, because a list takes an IPv4 address for the IPv6 one that stands for it, which is in ::/0.
  readonly #ipv4 = new BlockList();
  readonly #ipv6 = new BlockList();

  constructor(cidrs: readonly string[] = []) {
    for (const cidr of cidrs) this.add(cidr);
  }

  /** Adds a range such as `10.0.0.0/8`; an address alone is a range of one. False when it is neither. */
  add(cidr: string): boolean {
    const [, address = "", bits] = /^([^/%]+)(?:\/(\d{1,3}))?$/.exec(cidr) ?? [];
    const family = isIP(address);
    if (family === 0) return false;
    const bitsMax = family === 4 ? 32 : 128;
    const prefix = bits === undefined ? bitsMax : Number(bits);
    if (prefix > bitsMax) return false;
    if (family === 4) this.#ipv4.addSubnet(address, prefix, "ipv4");
    else this.#ipv6.addSubnet(address, prefix, "ipv6");
    return true;
  }

  has(value: JsonValue): boolean {
    if (typeof value !== "string") return false;
    const family = isIP(value);
    if (family === 4) return this.#ipv4.check(value, "ipv4");
    return family === 6 && (this.#ipv4.check(value, "ipv6") || this.#ipv6.check(value, "ipv6"));
  }
}

/** What IANA's registries of special addresses keep from the public Internet, as Python's `is_private` reads them. */
const reserved = new Networks([
  "0.0.0.0/8",
  "10.0.0.0/8",
  "127.0.0.0/8",
  "169.254.0.0/16",
  "172.16.0.0/12",
  "192.0.0.0/24",
  "192.0.2.0/24",
  "192.168.0.0/16",
  "198.18.0.0/15",
  "198.51.100.0/24",
  "203.0.113.0/24",
  "240.0.0.0/4",
  "::/127",
  "64:ff9b:1::/48",
  "100::/64",
  "2001::/23",
  "2001:db8::/32",
  "2002::/16",
  "3fff::/20",
  "fc00::/7",
  "fe80::/10",
]);

/** Parts of the reserved ranges that are reachable from everywhere. */
const reservedButGlobal = new Networks([
  "192.0.0.9",
  "192.0.0.10",
  "2001:1::1",
  "2001:1::2",
  "2001:3::/32",
  "2001:4:112::/48",
  "2001:20::/28",
  "2001:30::/28",
]);

/** Between customers and their carrier: neither private nor public. */
const shared = new Networks(["100.64.0.0/10"]);

/** True for an address that Python's `ipaddress` calls private: private networks and everything else that is reserved. */
export function isPrivate(value: JsonValue): boolean {
  return reserved.has(value) && !reservedButGlobal.has(value);
}

/** True for an address that Python's `ipaddress` calls global. */
export function isPublic(value: JsonValue): boolean {
  return addressFamily(value) !== 0 && !isPrivate(value) && !shared.has(value);
}
