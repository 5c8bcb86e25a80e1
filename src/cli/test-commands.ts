import { InvalidArgumentError, Option, type Command } from "commander";

import type { DebugOptions } from "./debug.ts";
import {
  examples,
  ignoreExtraKeysOption,
  logTypesOption,
  parseCount,
  type ProgramParts,
  ruleBudgetOption,
} from "./options.ts";
import type { TestOptions } from "./test.ts";

/** Node's own. */
const defaultInspectorPort = 9229;

/** `test` and `debug`: the tests that rules come with. */
export function addTestCommands(program: Command, parts: ProgramParts): void {
  addTest(program, parts);
  addDebug(program, parts);
}

const strictAuxiliaryOption = (): Option =>
  new Option(
    "--strict-auxiliary",
    "run title, dedup and the others for events that do not match, too",
  ).default(false);

/** An option that can be given several times. */
const listOption = (flags: string, description: string): Option =>
  new Option(flags, description)
    .argParser((text: string, before: readonly string[]) => [...before, text])
    .default([], "none");

function addTest(program: Command, { io, finish }: ProgramParts): void {
  program
    .command("test")
    .description("run the tests of rules on state of their own and a virtual clock")
    .argument(
      "[path...]",
      "files and folders with rules (default: ./rules; . where there is none, and in a Panther repository)",
    )
    .addOption(listOption("--path <path>", "the same, for who is used to it"))
    .addOption(logTypesOption())
    .addOption(
      new Option("--format <format>", "shape of the report")
        .choices(["text", "json", "junit"])
        .default("text"),
    )
    .option("--output <file>", "write the report to this file; standard output gets it as text")
    .addOption(
      listOption(
        "--filter <key=value>",
        "only rules with this field, such as Severity=high,critical or Tags!=AWS; several must all hold",
      ),
    )
    .option("--pack <id>", "only rules of this pack")
    .addOption(new Option("--test-names <name...>", "only tests with these names").default([], "all"))
    .option("--show-failures-only", "leave out what passed", false)
    .addOption(
      new Option(
        "--minimum-tests <count>",
        "fail rules with fewer tests; from 2 on, one of each kind",
      ).argParser(parseCount),
    )
    .option("--skip-disabled-tests", "leave out rules that are not enabled", false)
    .option("--sort-test-results", "rules that failed last", false)
    .addOption(
      listOption("--available-destination <name>", "fail destinations() that name another; can be repeated"),
    )
    .addOption(ignoreExtraKeysOption())
    .addOption(strictAuxiliaryOption())
    .addOption(ruleBudgetOption("how long a test may take"))
    .option("--bail", "stop after the first test that fails", false)
    .option("--watch", "run again what a change of the files concerns", false)
    .option("--coverage", "show the lines of each rule that no test reached", false)
    .addOption(
      new Option(
        "--workers <count>",
        "threads (default: one, more when what is left takes longer than loading the rules again)",
      ).argParser(parseCount),
    )
    .addHelpText(
      "after",
      examples(
        "stakeout test",
        "stakeout test examples --coverage",
        "stakeout test rules --filter Severity=high,critical --show-failures-only",
        "stakeout test --format junit --output junit.xml",
        "stakeout test --watch",
      ),
    )
    .action(async (paths: readonly string[], options: Omit<TestOptions, "paths">) => {
      const { testCommand } = await import("./test.ts");
      finish(await testCommand({ paths, ...options }, io));
    });
}

function addDebug(program: Command, { io, finish }: ProgramParts): void {
  program
    .command("debug")
    .description("run one test and show what the rule printed, asked and remembered")
    .argument("<rule>", "id of the rule, or its file")
    .argument("<test>", "name of the test")
    .addOption(
      new Option("--rules <path...>", "rule files or folders").default(
        [],
        "./rules; . where there is none, and in a Panther repository",
      ),
    )
    .addOption(ignoreExtraKeysOption())
    .addOption(logTypesOption())
    .addOption(strictAuxiliaryOption())
    .addOption(
      new Option("--inspect-brk [port]", "wait for a debugger before the rules are loaded")
        .preset(String(defaultInspectorPort))
        .argParser(parsePort),
    )
    .addHelpText(
      "after",
      examples(
        'stakeout debug AWS.CloudTrail.AccessDeniedBurst "ten denials within an hour"',
        'stakeout debug rules/root_login.ts "root signs in" --inspect-brk',
      ),
    )
    .action(async (rule: string, test: string, options: Omit<DebugOptions, "rule" | "test">) => {
      const { debugCommand } = await import("./debug.ts");
      finish(await debugCommand({ rule, test, ...options }, io));
    });
}

function parsePort(text: string): number {
  const port = Number(text);
  if (/^\d+$/.test(text) && port >= 1 && port <= 65_535) return port;
  throw new InvalidArgumentError("It must be a port: a whole number from 1 to 65535.");
}
