import { Command, CommanderError, Help, Option } from "commander";

import { StakeoutError } from "../core/errors.ts";
import { addBacktest } from "./backtest-command.ts";
import { addConfigCommands } from "./config-commands.ts";
import { reportFailure } from "./failure.ts";
import { addExplain } from "./explain-command.ts";
import { addInspectionCommands } from "./inspection-commands.ts";
import type { CheckOptions } from "./check.ts";
import { paint, type CommandIo } from "./io.ts";
import {
  examples,
  formatOption,
  ignoreExtraKeysOption,
  logTypesOption,
  parseLimit,
  ruleBudgetOption,
  rulesOption,
  type ProgramParts,
} from "./options.ts";
import { addPythonCommands } from "./python-commands.ts";
import type { RunOptions } from "./run.ts";
import type { ServeOptions } from "./serve.ts";
import { addServiceCommands } from "./service-commands.ts";
import { addStateCommands } from "./state-commands.ts";
import { addTestCommands } from "./test-commands.ts";
import { readVersion } from "./version.ts";

const nodeMajorMin = 24;

/**
 * Runs one command line and answers its exit status: 0 done, 1 something went wrong while running, 2 usage or invalid
 * rules. Never throws.
 */
export async function main(args: readonly string[], io: CommandIo): Promise<number> {
  let status = 0;
  const program = createProgram({ io, finish: (result) => (status = result) });
  try {
    checkNode(process.versions.node);
    await program.parseAsync(args, { from: "user" });
    return status;
  } catch (error) {
    // Commander has printed its message already.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    return reportFailure(error, io, program.opts<{ debug?: boolean }>().debug === true);
  }
}

/** Throws `NODE_TOO_OLD` when this Node lacks what Stakeout is built on. */
export function checkNode(version: string): void {
  if (Number.parseInt(version, 10) >= nodeMajorMin) return;
  throw new StakeoutError("NODE_TOO_OLD", `Node.js ${nodeMajorMin} or newer is needed; this is ${version}.`);
}

/** All commands. Each imports its module when it runs, so that no command waits for the code of another. */
export function createProgram(parts: ProgramParts): Command {
  const { io } = parts;
  const program = new Command("stakeout")
    .description("A real-time detection engine with memory: events in, rules that remember, alerts out.")
    .version(readVersion(), "-V, --version", "print the version")
    .option("--debug", "show the code and stack of an error")
    .helpOption("-h, --help", "show help, with examples")
    .helpCommand(false)
    .showHelpAfterError("(add --help for help)")
    .configureHelp({ optionDescription: describeOption })
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void io.stdout.write(text),
      writeErr: (text) => void io.stderr.write(text),
      outputError: (text, write) =>
        write(text.replace(/^error: (.*)/, (_, message) => paint(io.stderr, "red", `stakeout: ${message}`))),
    });
  addRun(program, parts);
  addCheck(program, parts);
  addBacktest(program, parts);
  addInit(program, parts);
  addTestCommands(program, parts);
  addExplain(program, parts);
  addInspectionCommands(program, parts);
  addStateCommands(program, parts);
  addPythonCommands(program, parts);
  addServe(program, parts);
  addConfigCommands(program, parts);
  addServiceCommands(program, parts);
  addCompletion(program, parts);
  program.addHelpText(
    "after",
    examples(
      "stakeout init demo && cd demo",
      "stakeout run --input events",
      "stakeout alerts list",
      "stakeout run --help",
    ),
  );
  return program;
}

/** An option with its choices and default, but not that a switch is off until it is named. */
function describeOption(option: Option): string {
  return option.isBoolean() ? option.description : new Help().optionDescription(option);
}

function addRun(program: Command, { finish }: ProgramParts): void {
  program
    .command("run")
    .description(
      "read events, ask the rules, raise alerts; continue where the last run on the same state ended",
    )
    .addOption(rulesOption())
    .addOption(
      new Option("--input <path...>", "files, folders, globs; - is standard input").default(
        [],
        "standard input when it is not a terminal",
      ),
    )
    .option("--log-type <name>", "log type of every event; else it is recognised")
    .addOption(logTypesOption())
    .addOption(formatOption())
    .option("--envelope <field>", "field that holds the array of records; CloudTrail's Records is recognised")
    .option("--state <file>", "state file; :memory: keeps nothing", "./stakeout.db")
    .option("--alerts <file>", "write alerts to this file as JSON Lines, exactly once each")
    .option("--dead-letters <file>", "where records go that cannot become events (default: beside the state)")
    .option("--json", "alerts as JSON Lines; the summary as JSON, the last line of standard error", false)
    .option("--strict", "exit status 1 when there were rule errors", false)
    .option("--quiet", "no progress, no summary", false)
    .addOption(ruleBudgetOption("how long a rule may take over one event"))
    .addOption(
      new Option("--limit <name=value>", "another value for a limit of docs/LIMITS.md; repeatable").argParser(
        parseLimit,
      ),
    )
    .addHelpText(
      "after",
      examples(
        "stakeout run --input logs/",
        "stakeout run --rules rules --input 'logs/**/*.json.gz' --alerts alerts.jsonl",
        "zcat old.ndjson.gz | stakeout run --log-type AWS.CloudTrail --state :memory: --json",
      ),
    )
    .action(async (options: RunOptions) => {
      const { runCommand } = await import("./run.ts");
      finish(await runCommand(options));
    });
}

function addServe(program: Command, { io, finish }: ProgramParts): void {
  program
    .command("serve")
    .description("run as a service: events over HTTP and from files, alerts to destinations, until stopped")
    .option("-c, --config <file>", "configuration file", "./stakeout.yaml")
    .addHelpText("after", examples("stakeout serve", "stakeout serve -c /etc/stakeout/stakeout.yaml"))
    .action(async (options: ServeOptions) => {
      const { serveCommand } = await import("./serve.ts");
      finish(await serveCommand(options, io));
    });
}

function addCheck(program: Command, { io, finish }: ProgramParts): void {
  program
    .command("check")
    .description("load rules and log types, report every problem with file and line, run nothing")
    .addOption(rulesOption())
    .addOption(logTypesOption())
    .addOption(ignoreExtraKeysOption())
    .addOption(ruleBudgetOption("a quarter of how long loading all rules may take"))
    .option("--json", "one JSON object on standard output", false)
    .addHelpText("after", examples("stakeout check", "stakeout check --rules rules more-rules --json"))
    .action(async (options: CheckOptions) => {
      const { checkCommand } = await import("./check.ts");
      finish(await checkCommand(options, io));
    });
}

function addInit(program: Command, { io, finish }: ProgramParts): void {
  program
    .command("init")
    .description("make a working folder: two rules, sample events, types for the editor")
    .argument("[dir]", "folder to make or fill", ".")
    .option("--force", "overwrite files that are there", false)
    .addHelpText("after", examples("stakeout init detections"))
    .action(async (dir: string, options: { force: boolean }) => {
      const { initCommand } = await import("./init.ts");
      finish(initCommand({ dir, ...options }, io));
    });
}

function addCompletion(program: Command, { io, finish }: ProgramParts): void {
  program
    .command("completion")
    .description("print a script that completes commands, options and files in your shell")
    .addArgument(program.createArgument("<shell>", "your shell").choices(["bash", "zsh", "fish"]))
    .addHelpText(
      "after",
      examples(
        'eval "$(stakeout completion bash)"',
        "stakeout completion zsh > ~/.zfunc/_stakeout",
        "stakeout completion fish > ~/.config/fish/completions/stakeout.fish",
      ),
    )
    .action(async (shell: "bash" | "zsh" | "fish") => {
      const { completionScript } = await import("./completion.ts");
      io.stdout.write(completionScript(shell, program));
      finish(0);
    });
}
