import { stringify } from "yaml";

import { effectiveSettings } from "../config/service-file/effective-settings.ts";
import { inspectServiceConfig } from "../config/service-file/read-service-config.ts";
import { printable } from "../core/text.ts";
import type { CommandIo } from "./io.ts";
import { renderProblems } from "./problems.ts";

export interface ConfigShowOptions {
  readonly config: string;
  readonly json: boolean;
}

/** Shows the settings in effect, without secrets. Exit status: 0 shown, 2 the configuration has problems. */
export function showConfigCommand(options: ConfigShowOptions, io: CommandIo): number {
  const { config, problems, substituted } = inspectServiceConfig(options.config, process.env);
  if (config === undefined) {
    io.stderr.write(renderProblems(problems));
    return 2;
  }
  const settings = effectiveSettings(config, { shown: false, substituted });
  const text = options.json ? JSON.stringify(settings) : stringify(settings, { lineWidth: 0 }).trimEnd();
  io.stdout.write(`${text.split("\n").map(printable).join("\n")}\n`);
  return 0;
}
