import { InvalidArgumentError, Option, type Command } from "commander";

import { parseDurationMs } from "../core/durations.ts";
import { examples, type ProgramParts } from "./options.ts";
import type { StateBackupOptions } from "./state-backup.ts";
import type { StateCheckCommandOptions } from "./state-check.ts";
import type { StateCompactOptions } from "./state-compact.ts";

const defaultFile = "./stakeout.db";

/** What is done with a state file as a whole. */
export function addStateFileCommands(state: Command, parts: ProgramParts): void {
  addCheck(state, parts);
  addBackup(state, parts);
  addCompact(state, parts);
}

function addCheck(state: Command, { io, finish }: ProgramParts): void {
  state
    .command("check")
    .description("look for damage in a state file, also while a run is going on")
    .argument("[file]", "state file", defaultFile)
    .option("--json", "one JSON object on standard output", false)
    .addHelpText("after", examples("stakeout state check", "stakeout state check backup.db --json"))
    .action(async (file: string, options: Omit<StateCheckCommandOptions, "file">) => {
      const { checkStateCommand } = await import("./state-check.ts");
      finish(await checkStateCommand({ file, ...options }, io));
    });
}

function addBackup(state: Command, { io, finish }: ProgramParts): void {
  state
    .command("backup")
    .description("copy the last commit of a state file, also while a run is going on")
    .argument("<file>", "state file")
    .argument("<target>", "the copy")
    .option("--force", "replace a copy that is there", false)
    .option("--json", "one JSON object on standard output", false)
    .addHelpText(
      "after",
      examples(
        "stakeout state backup stakeout.db backup.db",
        "stakeout state backup stakeout.db /backups/stakeout.db --force && stakeout state check /backups/stakeout.db",
      ),
    )
    .action(async (file: string, target: string, options: Omit<StateBackupOptions, "file" | "target">) => {
      const { backupStateCommand } = await import("./state-backup.ts");
      finish(await backupStateCommand({ file, target, ...options }, io));
    });
}

function addCompact(state: Command, { io, finish }: ProgramParts): void {
  state
    .command("compact")
    .description("make a state file as small as what it holds allows; no run may be going on")
    .argument("[file]", "state file", defaultFile)
    .addOption(
      new Option(
        "--alerts-older-than <duration>",
        "also remove closed alerts whose window ended so long before the engine clock",
      ).argParser(parseAge),
    )
    .option("--json", "one JSON object on standard output", false)
    .addHelpText(
      "after",
      examples("stakeout state compact", "stakeout state compact stakeout.db --alerts-older-than 90d"),
    )
    .action(async (file: string, options: Omit<StateCompactOptions, "file">) => {
      const { compactStateCommand } = await import("./state-compact.ts");
      finish(await compactStateCommand({ file, ...options }, io));
    });
}

function parseAge(text: string): number {
  const ageMs = parseDurationMs(text);
  if (ageMs === undefined) throw new InvalidArgumentError("It must be a duration such as 90d or 12h.");
  return ageMs;
}
