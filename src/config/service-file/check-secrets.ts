import { isIP } from "node:net";

import { authSettings } from "./source-settings.ts";
import { alternatives, nameOf } from "./describe-issue.ts";
import type { ServiceFile } from "./read-service-config.ts";
import type { SettingPath } from "./settings-file.ts";
import { Substituted } from "./substitute.ts";

/** Shorter tokens can be guessed. */
const tokenLengthMin = 16;

/** Looks at tokens and secrets of whoever may send and administer, also in parts of the file that have other problems. */
export function checkSecrets(file: ServiceFile): void {
  const adminToken = ["admin", "token"];
  checkLength(file, adminToken, isLoopback(file.parts.admin?.host));
  const admin = textAt(file, adminToken);
  for (const source of httpSources(file)) {
    checkAuth(file, source);
    for (const path of secretPaths(file, source)) {
      checkLength(file, path, isLoopback(file.parts.http?.host));
      if (admin === undefined || textAt(file, path) !== admin) continue;
      file.problem(
        path,
        `${nameOf(path)} is the token of admin, too: whoever sends events could administer.`,
      );
    }
  }
}

/** Paths of the HTTP sources, those with problems included. */
function httpSources({ valueAt }: ServiceFile): readonly SettingPath[] {
  return Object.keys(Object(valueAt(["sources"])) as object)
    .map((name) => ["sources", name])
    .filter((path) => valueAt([...path, "kind"]) === "http");
}

function checkAuth({ valueAt, problem, warning, parts }: ServiceFile, source: SettingPath): void {
  const given = authSettings.filter((key) => valueAt([...source, key]) !== undefined);
  if (given.length === 0) {
    const advice = "write token, tokens, github, slack or, for anybody, auth: none";
    problem(source, `${nameOf(source)} does not say who may send: ${advice}.`);
  }
  if (given.length > 1) {
    problem(
      [...source, given[1] ?? ""],
      `${nameOf(source)} must have one of ${alternatives(given)}, not several.`,
    );
  }
  if (given[0] === "auth" && parts.http !== undefined && !isLoopback(parts.http.host)) {
    warning(
      [...source, "auth"],
      `${nameOf(source)} takes events from anybody who reaches ${parts.http.host}.`,
    );
  }
}

function secretPaths({ valueAt }: ServiceFile, source: SettingPath): readonly SettingPath[] {
  const below = (...keys: readonly PropertyKey[]): SettingPath => [...source, ...keys];
  const tokens = valueAt(below("tokens"));
  const listed = Array.isArray(tokens) ? tokens.map((_, index) => below("tokens", index)) : [below("tokens")];
  return [below("token"), below("github", "secret"), below("slack", "secret"), ...listed];
}

function checkLength(file: ServiceFile, path: SettingPath, isLocal: boolean): void {
  const text = textAt(file, path);
  if (text === undefined || text === "" || text.length >= tokenLengthMin) return;
  const message = `${nameOf(path)} has fewer than ${tokenLengthMin} characters, which can be guessed`;
  if (isLocal) file.warning(path, `${message}.`);
  else file.problem(path, `${message}: make one with openssl rand -hex 32.`);
}

function textAt({ valueAt }: ServiceFile, path: SettingPath): string | undefined {
  const value = valueAt(path);
  if (value instanceof Substituted) return value.text;
  return typeof value === "string" ? value : undefined;
}

/** Whether only this machine reaches a listener; `undefined` is one whose address is wrong, which is told already. */
export function isLoopback(host: string | undefined): boolean {
  if (host === undefined || host === "localhost" || host === "::1") return true;
  return isIP(host) === 4 && host.startsWith("127.");
}
