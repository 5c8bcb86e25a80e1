import { Option, type Command } from "commander";

import { examples, parseCount, stateOption, type ProgramParts } from "./options.ts";
import { addStateFileCommands } from "./state-file-commands.ts";
import type { StateDeleteOptions, StateListOptions, StateSetOptions } from "./state.ts";

/** `state`: what rules remember, to look at and to change. */
export function addStateCommands(program: Command, parts: ProgramParts): void {
  const state = program.command("state").description("look at and change what rules remember");
  addReading(state, parts);
  addWriting(state, parts);
  addTransfer(state, parts);
  addStateFileCommands(state, parts);
}

function addReading(state: Command, { io, finish }: ProgramParts): void {
  state
    .command("list")
    .description("keys in order, with what is under them and when it ends")
    .addOption(stateOption())
    .option("--prefix <prefix>", "only keys that begin so", "")
    .addOption(new Option("--limit <count>", "at most so many").argParser(parseCount).default(100))
    .option("--json", "JSON Lines, as state export writes them", false)
    .addHelpText(
      "after",
      examples("stakeout state list", "stakeout state list --prefix AWS.CloudTrail --limit 10"),
    )
    .action(async (options: StateListOptions) => {
      const { listStateCommand } = await import("./state.ts");
      finish(await listStateCommand(options, io));
    });
  state
    .command("get")
    .description("everything under one key")
    .argument("<key>", "the key")
    .addOption(stateOption())
    .option("--json", "one line of JSON, as state export writes it", false)
    .addHelpText("after", examples("stakeout state get my-key"))
    .action(async (key: string, options: { state: string; json: boolean }) => {
      const { getStateCommand } = await import("./state.ts");
      finish(await getStateCommand({ key, ...options }, io));
    });
}

function addWriting(state: Command, { io, finish }: ProgramParts): void {
  state
    .command("set")
    .description("set what is given under a key, leave the rest of it as it is")
    .argument("<key>", "the key")
    .addOption(stateOption())
    .option("--count <number>", "the counter, a whole number")
    .option("--string <member...>", "the string set, member by member")
    .option("--strings <members>", "the string set, members between commas; empty for none")
    .option("--dictionary <json>", "the dictionary, a JSON object")
    .option("--expires <when>", "1h, never, or a time such as 2026-03-02T12:00:00Z; a new key lives 90 days")
    .addHelpText(
      "after",
      examples(
        "stakeout state set my-key --count 3 --expires 1h",
        "stakeout state set my-key --strings 192.0.2.1,192.0.2.2 --expires never",
        `stakeout state set my-key --dictionary '{"first":"seen"}'`,
      ),
    )
    .action(async (key: string, options: Omit<StateSetOptions, "key">) => {
      const { setStateCommand } = await import("./state.ts");
      finish(await setStateCommand({ key, ...options }, io));
    });
  state
    .command("delete")
    .description("forget one key, or with --prefix every key that begins so")
    .argument("[key]", "the key")
    .addOption(stateOption())
    .option("--prefix <prefix>", "forget every key that begins so")
    .option("--yes", "do not ask", false)
    .addHelpText(
      "after",
      examples("stakeout state delete my-key", "stakeout state delete --prefix test- --yes"),
    )
    .action(async (key: string | undefined, options: Omit<StateDeleteOptions, "key">) => {
      const { deleteStateCommand } = await import("./state.ts");
      finish(await deleteStateCommand({ ...(key === undefined ? {} : { key }), ...options }, io));
    });
}

function addTransfer(state: Command, { io, finish }: ProgramParts): void {
  state
    .command("export")
    .description("write every key as JSON Lines")
    .argument("[file]", "where to; - is standard output", "-")
    .addOption(stateOption())
    .option("--prefix <prefix>", "only keys that begin so", "")
    .addHelpText("after", examples("stakeout state export backup.jsonl", "stakeout state export | wc -l"))
    .action(async (file: string, options: { state: string; prefix: string }) => {
      const { exportStateCommand } = await import("./state-transfer.ts");
      finish(await exportStateCommand({ file, ...options }, io));
    });
  state
    .command("import")
    .description("read keys from JSON Lines; they replace keys of the same name, other keys stay")
    .argument("<file>", "where from; - is standard input")
    .addOption(stateOption())
    .addHelpText("after", examples("stakeout state import backup.jsonl --state new.db"))
    .action(async (file: string, options: { state: string }) => {
      const { importStateCommand } = await import("./state-transfer.ts");
      finish(await importStateCommand({ file, ...options }, io));
    });
}
