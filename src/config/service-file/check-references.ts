import { existsSync } from "node:fs";

import { urlProblem } from "../../destinations/destination-url.ts";
import { loadLogTypes } from "../../parsers/log-types.ts";
import { nearest } from "../../rules/nearest.ts";
import type { ListenerConfig, ServiceDestinationConfig } from "../service-config.ts";
import { isLoopback } from "./check-secrets.ts";
import { nameOf } from "./describe-issue.ts";
import type { InspectOptions, ServiceFile } from "./read-service-config.ts";
import { isMap, type SettingPath } from "./settings-file.ts";

/** Looks at what settings say about each other and about the machine. */
export function checkReferences(file: ServiceFile, options: InspectOptions): void {
  checkAmounts(file);
  checkListeners(file);
  checkSizes(file);
  checkFiles(file);
  checkLogTypes(file);
  for (const destination of file.parts.destinations) checkUrl(file, destination);
  if (options.contentPaths === true) checkContentPaths(file);
}

function checkAmounts({ valueAt, problem, warning }: ServiceFile): void {
  const isEmpty = (section: string): boolean => {
    const names = valueAt([section]);
    return names === undefined || (isMap(names) && Object.keys(names).length === 0);
  };
  if (isEmpty("sources")) problem(["sources"], "There is no source: no events could come in.");
  if (isEmpty("destinations"))
    warning(["destinations"], "There is no destination: alerts are kept in the state and told to nobody.");
  if (valueAt(["state"]) === ":memory:")
    problem(["state"], "state must be a file: what was accepted has to survive a restart.");
}

function checkListeners(file: ServiceFile): void {
  const { admin, sources } = file.parts;
  // Without a source for it, nothing listens for events.
  const http = sources.some(({ kind }) => kind === "http") ? file.parts.http : undefined;
  if (http !== undefined) checkExposure(file, "http", http);
  if (admin === undefined) return;
  checkExposure(file, "admin", admin);
  if (http?.port !== admin.port || admin.port === 0 || http.host !== admin.host) return;
  file.problem(["admin", "listen"], "admin.listen is the address of http.listen; each needs one of its own.");
}

function checkExposure({ warning }: ServiceFile, name: string, { host, tls }: ListenerConfig): void {
  if (isLoopback(host) || tls !== undefined) return;
  const message = `${name} listens on ${host} without tls: tokens can be read on their way.`;
  warning([name, "listen"], message);
}

/** A limit that a smaller one makes useless. */
function checkSizes({ parts, problem, warning }: ServiceFile): void {
  const { http, spool } = parts;
  if (http === undefined) return;
  const { bodyBytesMax, contentBytesMax, heldBytesMax } = http;
  if (bodyBytesMax > contentBytesMax)
    problem(["http", "bodyBytesMax"], "http.bodyBytesMax must not be more than http.contentBytesMax.");
  if (contentBytesMax > heldBytesMax)
    problem(["http", "contentBytesMax"], "http.contentBytesMax must not be more than http.heldBytesMax.");
  if (spool !== undefined && contentBytesMax > spool.backlogBytesMax)
    warning(
      ["spool", "backlogBytesMax"],
      "spool.backlogBytesMax is less than http.contentBytesMax: the longest bodies never fit.",
    );
}

/** No two may write the same file. */
function checkFiles({ file, parts, problem }: ServiceFile): void {
  const owners = new Map<string, string>([[file, "this file"]]);
  const claim = (path: string | undefined, at: SettingPath): void => {
    if (path === undefined) return;
    const owner = owners.get(path);
    if (owner === undefined) owners.set(path, nameOf(at));
    else problem(at, `${nameOf(at)} is the file of ${owner}; each needs one of its own.`);
  };
  claim(parts.state, ["state"]);
  claim(parts.deadLetters, ["deadLetters"]);
  claim(parts.spool?.folder, ["spool", "folder"]);
  for (const destination of parts.destinations) {
    if (destination.kind === "file") claim(destination.path, ["destinations", destination.name, "path"]);
  }
}

/** Log types that do not exist. Own log types that cannot be loaded are told when content is loaded, not here. */
function checkLogTypes({ parts, problem, warning }: ServiceFile): void {
  const named = [
    ...parts.sources.map(({ logType }) => logType),
    ...parts.destinations.flatMap(({ route }) => route.logTypes),
  ];
  if (parts.logTypes === undefined || named.every((logType) => logType === undefined)) return;
  const { logTypes, problems } = loadLogTypes(parts.logTypes);
  if (problems.length > 0) return;
  const { names } = logTypes;
  for (const { name, logType } of parts.sources) {
    if (logType === undefined || names.includes(logType)) continue;
    const path = ["sources", name, "logType"];
    problem(path, `${nameOf(path)} is no log type; ${logTypeAdvice(logType, names)}`);
  }
  for (const { name, route } of parts.destinations) {
    for (const pattern of route.logTypes ?? []) {
      if (pattern.includes("*") || names.includes(pattern)) continue;
      const path = ["destinations", name, "logTypes"];
      warning(path, `${nameOf(path)} names a log type that there is not; ${logTypeAdvice(pattern, names)}`);
    }
  }
}

function logTypeAdvice(name: string, names: readonly string[]): string {
  const meant = nearest(name, names);
  return meant === undefined ? `there are ${names.join(", ")}.` : `did you mean ${meant}?`;
}

function checkUrl({ problem, warning }: ServiceFile, destination: ServiceDestinationConfig): void {
  if (!("url" in destination)) return;
  const { url, privateNetworks } = destination;
  const path = ["destinations", destination.name, "url"];
  const wrong = urlProblem(url, privateNetworks);
  if (wrong !== undefined) return problem(path, `${nameOf(path)}: ${wrong}`);
  const { protocol, hostname } = new URL(url);
  const host = hostname.replace(/^\[(.*)\]$/, "$1");
  if (protocol === "http:" && !isLoopback(host))
    warning(path, `${nameOf(path)} begins with http: and not https:, so alerts can be read on their way.`);
}

function checkContentPaths({ parts, problem }: ServiceFile): void {
  const { rules, logTypes } = parts;
  const check = (paths: readonly string[], at: SettingPath): void => {
    for (const path of paths) {
      if (!existsSync(path)) problem(at, `${nameOf(at)}: there is no file or folder ${path}.`);
    }
  };
  check(rules?.paths ?? [], ["rules"]);
  check(logTypes ?? [], ["logTypes"]);
}
