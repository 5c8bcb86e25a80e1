import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { messageOf, StakeoutError } from "../../../core/errors.ts";
import { withoutCredentials, type Credentials } from "./http.ts";

export interface AddressOptions {
  /** What `--index-url` says. */
  readonly option?: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The user's own folder. */
  readonly home: string;
  /** pip's configuration for all users; default `/etc/pip.conf`. */
  readonly sharedConfig?: string;
}

/** Where packages come from. */
export interface IndexAddress {
  /** Ends in `/`; without name and password. */
  readonly url: string;
  readonly credentials: Credentials | undefined;
}

/**
 * The index: the option, else `STAKEOUT_PYTHON_INDEX_URL`, else what pip is told (`PIP_INDEX_URL`, its configuration
 * files), else PyPI. Throws `USAGE` for an address that is not one of http or https.
 */
export function findIndexAddress(options: AddressOptions): IndexAddress {
  const { option, env } = options;
  const own = option || env["STAKEOUT_PYTHON_INDEX_URL"];
  return parseAddress(own || env["PIP_INDEX_URL"] || fromPipFiles(options) || "https://pypi.org/simple");
}

function parseAddress(text: string): IndexAddress {
  const parsed = URL.parse(text.trim());
  if (parsed === null || (parsed.protocol !== "http:" && parsed.protocol !== "https:")) {
    // The text may hold a password, so it is not shown.
    throw new StakeoutError("USAGE", "The address of the package index must begin with http:// or https://.");
  }
  const { username, password, origin } = parsed;
  parsed.hash = "";
  parsed.search = "";
  if (!parsed.pathname.endsWith("/")) parsed.pathname += "/";
  return {
    url: withoutCredentials(parsed.href),
    credentials:
      username === "" && password === ""
        ? undefined
        : { origin, authorization: `Basic ${encode(decode(username), decode(password))}` },
  };
}

function encode(name: string, password: string): string {
  return Buffer.from(`${name}:${password}`).toString("base64");
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** The first of pip's files that names an index, the most specific first. */
function fromPipFiles(options: AddressOptions): string | undefined {
  const { env, home, sharedConfig = "/etc/pip.conf" } = options;
  const named = env["PIP_CONFIG_FILE"];
  // This is how pip is told to read no files at all.
  if (named === "/dev/null") return undefined;
  const files = [
    named,
    env["VIRTUAL_ENV"] && join(env["VIRTUAL_ENV"], "pip.conf"),
    join(env["XDG_CONFIG_HOME"] || join(home, ".config"), "pip", "pip.conf"),
    join(home, ".pip", "pip.conf"),
    sharedConfig,
  ];
  for (const file of files) {
    const address = file === undefined || file === "" ? undefined : readPipFile(file);
    if (address !== undefined) return address;
  }
  return undefined;
}

function readPipFile(file: string): string | undefined {
  if (!existsSync(file)) return undefined;
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    throw new StakeoutError("USAGE", `Cannot read pip's configuration ${file}: ${messageOf(error)}`, {
      cause: error,
      fields: { file },
    });
  }
  let section = "";
  for (const line of text.split(/\r?\n/)) {
    section = /^\[(?<name>[^\]]*)\]/.exec(line)?.groups?.["name"] ?? section;
    const value = /^index[-_]url\s*[=:]\s*(?<value>\S+)\s*$/.exec(line)?.groups?.["value"];
    if (section === "global" && value !== undefined) return value;
  }
  return undefined;
}
