import { createHash, timingSafeEqual } from "node:crypto";
import { isIP } from "node:net";

/** Says whether an `Authorization` header holds the token, in a time that tells nothing about how much of it is right. */
export function createTokenCheck(token: string): (authorization: string | undefined) => boolean {
  const expected = digest(token);
  return (authorization) => {
    const given = /^Bearer +(\S+) *$/i.exec(authorization ?? "")?.[1] ?? "";
    // Digests are as long as each other whatever is given, which is what the comparison asks for.
    return timingSafeEqual(digest(given), expected) && given !== "";
  };
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}

/**
 * Says whether a request may be meant for a listener on `host`. A listener on a loopback address answers only to names of this machine: a
 * page in a browser may have a name of its own that leads here, and then reads what it gets.
 */
export function createHostCheck(host: string): (hostHeader: string | undefined) => boolean {
  if (!isLoopback(host)) return () => true;
  return (hostHeader) => {
    const name = /^(\[[0-9a-fA-F:.]+\]|[^:[\]]+)(?::\d+)?$/.exec(hostHeader ?? "")?.[1];
    return name !== undefined && isLoopback(name.replaceAll(/^\[|\]$/g, ""));
  };
}

function isLoopback(host: string): boolean {
  const name = host.toLowerCase();
  return name === "localhost" || name === "::1" || (isIP(name) === 4 && name.startsWith("127."));
}
