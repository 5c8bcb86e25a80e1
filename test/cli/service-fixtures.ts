import { writeFileSync } from "node:fs";
import { join } from "node:path";

import type { AdminConfig } from "../../src/config/service-config.ts";
import { type ServiceInMemory, startServer, token } from "../service/admin/fixtures.ts";
import { cli, type CliOptions, type CliResult, tempFolder } from "./fixtures.ts";

export interface StartedService {
  readonly service: ServiceInMemory;
  readonly port: number;
  readonly url: string;
  readonly tokenFile: string;
  /** Runs a command on this service. */
  readonly run: (words: string, options?: CliOptions) => Promise<CliResult>;
}

/** The administration of a service in memory, and commands that speak to it. */
export async function startService(overrides: Partial<AdminConfig> = {}): Promise<StartedService> {
  const { service, url, port } = await startServer(overrides);
  const tokenFile = join(tempFolder(), "token");
  writeFileSync(tokenFile, `${overrides.token ?? token}\n`);
  const run = (words: string, options?: CliOptions): Promise<CliResult> =>
    cli([...words.split(" "), "--url", url, "--token-file", tokenFile], options);
  return { service, port, url, tokenFile, run };
}

/** A configuration whose administration is the one of these tests. */
export function configFile(admin: string): string {
  const file = join(tempFolder(), "stakeout.yaml");
  const lines = [
    "rules: rules",
    "http: {listen: '127.0.0.1:0'}",
    "sources: {main: {kind: http, auth: none}}",
    `admin: ${admin}`,
  ];
  writeFileSync(file, `${lines.join("\n")}\n`);
  return file;
}
