import { inspectServiceConfig } from "../config/service-file/read-service-config.ts";
import type { CommandIo } from "./io.ts";
import { renderProblems } from "./problems.ts";

export interface ConfigCheckOptions {
  readonly config: string;
  readonly json: boolean;
}

/**
 * Reads a configuration as `serve` would, looks whether rules and log types are there, reports everything that is wrong.
 * Exit status: 0 valid, 2 problems. With `json` one object `{file, problems, warnings}` on standard output.
 */
export function checkConfigCommand(options: ConfigCheckOptions, io: CommandIo): number {
  const found = inspectServiceConfig(options.config, process.env, { contentPaths: true });
  const { config, problems, warnings } = found;
  const status = config === undefined ? 2 : 0;
  if (options.json) {
    io.stdout.write(`${JSON.stringify({ file: found.file, problems, warnings })}\n`);
    return status;
  }
  if (warnings.length > 0) io.stderr.write(`Warnings:\n${renderProblems(warnings)}`);
  if (config === undefined) {
    io.stderr.write(renderProblems(problems));
  } else {
    const count = (items: readonly unknown[], what: string): string =>
      `${items.length} ${what}${items.length === 1 ? "" : "s"}`;
    const parts = `${count(config.sources, "source")}, ${count(config.destinations, "destination")}`;
    io.stdout.write(`${options.config}: ${parts}, no problems.\n`);
  }
  return status;
}
