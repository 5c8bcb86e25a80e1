import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

import { onTestFinished } from "vitest";

import { readServiceConfig } from "../../../src/config/service-file/read-service-config.ts";
import type { ServiceConfig } from "../../../src/config/service-config.ts";

export const token = "0123456789abcdef0123";

/** The shortest configuration without problems and warnings; its text may be followed by other sections. */
export const minimal: string = `
admin: {token: admin-${token}}
sources: {main: {kind: http, token: ${token}}}
destinations: {out: {kind: stdout}}
`;

export interface ReadOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Other files of the folder, by path. */
  readonly files?: Readonly<Record<string, string | Buffer>>;
  /** Default: a folder of its own. */
  readonly folder?: string;
}

/** What reading a configuration found; problems and warnings as `line: message`. */
export interface ReadResult {
  readonly config: ServiceConfig | undefined;
  readonly problems: readonly string[];
  readonly warnings: readonly string[];
}

/** Reads a configuration of this text. */
export function read(text: string, options: ReadOptions = {}): ReadResult {
  const { env = {}, files = {}, folder = configFolder() } = options;
  for (const [path, content] of Object.entries({ ...files, "stakeout.yaml": text })) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  }
  const { config, problems, warnings } = readServiceConfig(join(folder, "stakeout.yaml"), env);
  const lineOf = ({ line, message }: { readonly line: number; readonly message: string }): string =>
    `${line}: ${message}`;
  return { config, problems: problems.map(lineOf), warnings: warnings.map(lineOf) };
}

/** Reads a configuration that must have no problems. */
export function readValid(text: string, options: ReadOptions = {}): ServiceConfig {
  const { config, problems } = read(text, options);
  if (config === undefined) throw new Error(`It has problems: ${problems.join(" ")}`);
  return config;
}

/** A folder that is gone when the test has ended. */
export function configFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "stakeout-config-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** The minimal configuration with one source and what else it needs. */
export function withSource(source: string, rest = ""): string {
  return `admin: {token: admin-${token}}\nsources:\n  main: ${source}\ndestinations: {out: {kind: stdout}}\n${rest}`;
}

/** The minimal configuration with one destination. */
export function withDestination(destination: string): string {
  return `admin: {token: admin-${token}}\nsources: {main: {kind: http, token: ${token}}}\ndestinations:\n  out: ${destination}\n`;
}

/** The annotated example of docs/configuration.md. */
export function documentedExample(): string {
  const [, example = ""] = readFileSync("docs/configuration.md", "utf8").split("## All of it");
  return example.split("```yaml\n")[1]?.split("```")[0] ?? "";
}

/** What the examples of docs/configuration.md need. */
export const documentedEnv: Readonly<Record<string, string>> = {
  CLOUDTRAIL_TOKEN: `cloudtrail-${token}`,
  CLOUDTRAIL_TOKEN_NEXT: `next-${token}`,
  SOAR_TOKEN: `soar-${token}`,
};

/** Files that they need. */
export const documentedFiles: Readonly<Record<string, string>> = {
  "admin-token": `admin-${token}\n`,
  "github-secret": `github-${token}\n`,
  "pagerduty-key": `pagerduty-${token}\n`,
  "slack-url": "https://hooks.slack.com/services/T0/B0/x\n",
  "soar-secret": `soar-secret-${token}\n`,
  "tls/cert.pem": "",
  "tls/key.pem": "",
  "log-types/own.yaml": "name: Own.Type\nrecognise: [{field: own, exists: true}]\n",
};
