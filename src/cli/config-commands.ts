import { Option, type Command } from "commander";

import type { ConfigCheckOptions } from "./config-check.ts";
import type { ConfigShowOptions } from "./config-show.ts";
import { examples, type ProgramParts } from "./options.ts";

/** `config`: the file that `serve` runs, to check and to look at. */
export function addConfigCommands(program: Command, parts: ProgramParts): void {
  const config = program.command("config").description("check and show the configuration of the service");
  addCheck(config, parts);
  addShow(config, parts);
}

const fileOption = (): Option =>
  new Option("-c, --config <file>", "configuration file").default("./stakeout.yaml");

function addCheck(config: Command, { io, finish }: ProgramParts): void {
  config
    .command("check")
    .description("report every problem of a configuration with its line, run nothing")
    .addOption(fileOption())
    .option("--json", "one JSON object on standard output", false)
    .addHelpText(
      "after",
      examples("stakeout config check", "stakeout config check -c /etc/stakeout/stakeout.yaml --json"),
    )
    .action(async (options: ConfigCheckOptions) => {
      const { checkConfigCommand } = await import("./config-check.ts");
      finish(checkConfigCommand(options, io));
    });
}

function addShow(config: Command, { io, finish }: ProgramParts): void {
  config
    .command("show")
    .description("the settings in effect: variables replaced, defaults filled in, secrets hidden")
    .addOption(fileOption())
    .option("--json", "JSON instead of YAML", false)
    .addHelpText("after", examples("stakeout config show", "stakeout config show -c stakeout.yaml --json"))
    .action(async (options: ConfigShowOptions) => {
      const { showConfigCommand } = await import("./config-show.ts");
      finish(showConfigCommand(options, io));
    });
}
