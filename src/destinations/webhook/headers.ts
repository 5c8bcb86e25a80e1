import { validateHeaderName, validateHeaderValue } from "node:http";

/** Headers that Stakeout or the connection sets itself. */
const reserved: ReadonlySet<string> = new Set([
  "connection",
  "content-encoding",
  "content-length",
  "content-type",
  "expect",
  "host",
  "idempotency-key",
  "keep-alive",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "user-agent",
]);

/** What is wrong with the headers of a webhook: sentences for people, which never hold a header's value. */
export function headerProblems(headers: Readonly<Record<string, string>>): readonly string[] {
  return Object.entries(headers).flatMap(([name, value]) => {
    const lower = name.toLowerCase();
    if (reserved.has(lower) || lower.startsWith("x-stakeout-")) {
      return [`The header ${name} cannot be configured, because Stakeout sets it.`];
    }
    if (!isAccepted(() => validateHeaderName(name))) return [`"${name}" is not the name of a header.`];
    if (!isAccepted(() => validateHeaderValue(name, value))) {
      return [
        `The value of the header ${name} holds characters that headers cannot hold, such as a line break.`,
      ];
    }
    return [];
  });
}

function isAccepted(validate: () => void): boolean {
  try {
    validate();
    return true;
  } catch {
    return false;
  }
}
