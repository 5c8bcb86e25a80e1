/** A host name that leads only to addresses which requests must not go to. */
export class PrivateAddressError extends Error {
  constructor(hostname: string, address: string | undefined) {
    super(
      address === undefined
        ? `${hostname} has no address.`
        : `${hostname} leads to ${address}, which is not a public address. If that is meant, add its network to privateNetworks.`,
    );
    this.name = "PrivateAddressError";
  }
}

/** Why a request got no answer: one sentence that names the host and nothing else of the address. */
export function reasonOf(error: unknown, host: string): string {
  if (error instanceof PrivateAddressError) return error.message;
  const code = codeOf(error);
  if (/CERT|CHAIN|SIGNATURE|ISSUER/.test(code))
    return `The certificate of ${host} is not accepted (${code}).`;
  return sentences[code]?.(host) ?? `The request to ${host} failed (${code}).`;
}

const sentences: Readonly<Record<string, (host: string) => string>> = {
  ECONNREFUSED: (host) => `${host} refused the connection.`,
  ECONNRESET: ended,
  EPIPE: ended,
  UND_ERR_SOCKET: ended,
  ENOTFOUND: unknownName,
  EAI_AGAIN: (host) => `The address of ${host} could not be looked up.`,
  ETIMEDOUT: noConnection,
  UND_ERR_CONNECT_TIMEOUT: noConnection,
  EHOSTUNREACH: noWay,
  ENETUNREACH: noWay,
  HTTPParserError: (host) => `${host} answered with something that is not HTTP.`,
};

function ended(host: string): string {
  return `${host} ended the connection without an answer.`;
}

function unknownName(host: string): string {
  return `There is no host ${host}.`;
}

function noConnection(host: string): string {
  return `${host} did not take the connection in time.`;
}

function noWay(host: string): string {
  return `There is no way to ${host} in this network.`;
}

function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return "unknown";
  return "code" in error && typeof error.code === "string" ? error.code : error.name;
}
