import { InvalidArgumentError, Option, type Command } from "commander";

import { parseIso8601 } from "../parsers/time.ts";
import type { BacktestOptions } from "./backtest.ts";
import { examples, formatOption, logTypesOption, rulesOption, type ProgramParts } from "./options.ts";

/** `backtest`: history through rules with state. */
export function addBacktest(program: Command, { io, finish }: ProgramParts): void {
  program
    .command("backtest")
    .description(
      "replay files through rules with state, on event time; show the alerts, or what a change to the rules changes",
    )
    .addOption(rulesOption())
    .requiredOption("--input <path...>", "files, folders, globs")
    .option("--log-type <name>", "log type of every event; else it is recognised")
    .addOption(logTypesOption())
    .addOption(formatOption())
    .option("--envelope <field>", "field that holds the array of records; CloudTrail's Records is recognised")
    .addOption(timeOption("--from <time>", "only events of this time or later, such as 2026-03-02T12:00:00Z"))
    .addOption(timeOption("--to <time>", "only events before this time"))
    .option("--rule <id...>", "only these rules")
    .option(
      "--baseline <version>",
      "the other version of the rules: a folder, or a git branch, tag or commit",
    )
    .option("--state-from <file>", "start with a copy of what this state file remembers")
    .option("--html <file>", "write a page with the timeline and each alert's events")
    .option("--json", "one JSON object on standard output", false)
    .option("--strict", "exit status 1 when there were rule errors", false)
    .addHelpText(
      "after",
      examples(
        "stakeout backtest --input logs/",
        "stakeout backtest --input logs/ --from 2026-03-01 --to 2026-03-08 --rule AWS.CloudTrail.AccessDeniedBurst",
        "stakeout backtest --input logs/ --baseline main --html changes.html",
        "stakeout backtest --input today/ --state-from stakeout.db --json",
      ),
    )
    .action(async (options: BacktestOptions) => {
      const { backtestCommand } = await import("./backtest.ts");
      finish(await backtestCommand(options, io));
    });
}

function timeOption(flags: string, description: string): Option {
  return new Option(flags, description).argParser(parseTime);
}

/** Milliseconds of an ISO 8601 time; a day alone is its first moment, and what names no zone is in UTC. */
function parseTime(text: string): number {
  const timeMs = parseIso8601(text);
  if (timeMs !== undefined) return timeMs;
  throw new InvalidArgumentError("It must be a day or a time, such as 2026-03-02 or 2026-03-02T12:00:00Z.");
}
