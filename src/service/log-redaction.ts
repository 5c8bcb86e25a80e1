/** What stands where a secret stood. */
export const redacted = "[redacted]";

const depthMax = 10;
const membersMax = 200;
const stringCharactersMax = 8192;

/** Ends of field names, without `-` and `_` and in lower case, whose values are secrets. */
const secretName =
  /(?:authorization|cookie|tokens?|secrets?|passwords?|passphrase|apikey|routingkey|privatekey|signature(?:256)?)$/;

/** Headers that tell what happened and never who may do it; a configured header of any other name may hold a key. */
const openHeaders: ReadonlySet<string> = new Set([
  "accept",
  "accept-encoding",
  "connection",
  "content-encoding",
  "content-length",
  "content-type",
  "date",
  "host",
  "retry-after",
  "transfer-encoding",
  "user-agent",
]);

/**
 * A copy of what is about to be logged, without its secrets: values of fields whose name says that they are one, headers that are not
 * known to be harmless, credentials, and of addresses everything but the host. Plain data of bounded depth and length.
 */
export function redact(value: unknown): unknown {
  return copy(value, depthMax);
}

/** Text without the credentials and the secret parts of addresses in it. */
export function redactText(text: string): string {
  const cut = text.length > stringCharactersMax ? `${text.slice(0, stringCharactersMax)}…` : text;
  return cut
    .replace(
      /\b([a-z][a-z0-9+.-]{0,20}:\/\/)([^\s"'<>`]*)/gi,
      (_, scheme: string, rest: string) => scheme + hostOf(rest),
    )
    .replace(/\b(Bearer|Basic|ApiKey)\s+[^\s"',;]+/gi, `$1 ${redacted}`);
}

/** The path of an address may be as secret as a password: that of a Slack webhook is. */
function hostOf(rest: string): string {
  const end = rest.search(/[/?#]/);
  const authority = end === -1 ? rest : rest.slice(0, end);
  const host = authority.slice(authority.lastIndexOf("@") + 1);
  return end === -1 || rest.slice(end) === "/" ? host : `${host}/…`;
}

function copy(value: unknown, depth: number): unknown {
  if (typeof value === "string") return redactText(value);
  if (typeof value === "bigint") return String(value);
  if (typeof value !== "object" || value === null) return value;
  if (depth === 0) return "…";
  if (value instanceof Error) return copyError(value, depth);
  if (Array.isArray(value)) return value.slice(0, membersMax).map((member) => copy(member, depth - 1));
  if (value instanceof Map) return copy(Object.fromEntries(value), depth);
  return copyMembers(value, depth, memberOf);
}

type CopyMember = (name: string, value: unknown, depth: number) => unknown;

function copyMembers(value: object, depth: number, copyMember: CopyMember): unknown {
  const members = Object.entries(value).slice(0, membersMax);
  return Object.fromEntries(members.map(([name, member]) => [name, copyMember(name, member, depth - 1)]));
}

function memberOf(name: string, value: unknown, depth: number): unknown {
  if (value === undefined || value === null) return value;
  if (secretName.test(name.toLowerCase().replaceAll(/[-_]/g, ""))) return redacted;
  if (/headers$/i.test(name) && typeof value === "object" && !Array.isArray(value)) {
    return copyMembers(value, depth, headerOf);
  }
  // The address of a request as its server sees it begins with the path.
  if (typeof value === "string" && value.startsWith("/") && /^(?:url|path|href)$/i.test(name)) {
    return redactText(value.replace(/\?.*$/s, "?…"));
  }
  return copy(value, depth);
}

function headerOf(name: string, value: unknown, depth: number): unknown {
  return openHeaders.has(name.toLowerCase()) ? copy(value, depth) : redacted;
}

function copyError(error: Error, depth: number): unknown {
  const { name, message, stack, cause } = error;
  const code = "code" in error ? error.code : undefined;
  const fields = "fields" in error ? error.fields : undefined;
  return {
    ...(typeof code === "string" ? { code } : { name }),
    message: redactText(message),
    ...(fields === undefined ? {} : { fields: copy(fields, depth - 1) }),
    // An error with a code of ours says what is wrong; of any other one needs to know where it came from.
    ...(name === "StakeoutError" || stack === undefined ? {} : { stack: redactText(stack) }),
    ...(cause === undefined ? {} : { cause: copy(cause, depth - 1) }),
  };
}
