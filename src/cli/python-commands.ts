import { Option, type Command } from "commander";

import { examples, type ProgramParts } from "./options.ts";
import type { PythonAddOptions, PythonListOptions, PythonSyncOptions } from "./python.ts";

const folderOption = (): Option => new Option("--rules <dir>", "rules folder").default("./rules");

const indexOption = (): Option =>
  new Option("--index-url <url>", "package index (default: what pip is told, else PyPI)");

/** `python`: packages that Python rules import. */
export function addPythonCommands(program: Command, parts: ProgramParts): void {
  const python = program.command("python").description("packages that Python rules import");
  addAdding(python, parts);
  addSync(python, parts);
  addList(python, parts);
  addRemoving(python, parts);
}

function addAdding(python: Command, { io, finish }: ProgramParts): void {
  python
    .command("add")
    .description("fetch packages and what they need into the rules folder, and lock their versions")
    .argument("<package...>", "NAME, NAME==VERSION, or any versions, such as 'NAME>=1.2,<2'")
    .addOption(folderOption())
    .addOption(indexOption())
    .option("--json", "one JSON object on standard output", false)
    .addHelpText(
      "after",
      examples("stakeout python add policyuniverse", "stakeout python add python-dateutil==2.9.0.post0"),
    )
    .action(async (packages: readonly string[], options: Omit<PythonAddOptions, "packages">) => {
      const { addPythonCommand } = await import("./python.ts");
      finish(await addPythonCommand({ packages, ...options }, io));
    });
}

function addSync(python: Command, { io, finish }: ProgramParts): void {
  python
    .command("sync")
    .description("restore exactly the packages of the lock; fetches only what is not there")
    .addOption(folderOption())
    .addOption(indexOption())
    .option("--json", "one JSON object on standard output", false)
    .addHelpText("after", examples("stakeout python sync", "stakeout python sync --rules detections"))
    .action(async (options: PythonSyncOptions) => {
      const { syncPythonCommand } = await import("./python.ts");
      finish(await syncPythonCommand(options, io));
    });
}

function addList(python: Command, { io, finish }: ProgramParts): void {
  python
    .command("list")
    .description("the packages of the lock, and whether they are there")
    .addOption(folderOption())
    .option("--json", "JSON Lines", false)
    .addHelpText("after", examples("stakeout python list"))
    .action(async (options: PythonListOptions) => {
      const { listPythonCommand } = await import("./python.ts");
      finish(await listPythonCommand(options, io));
    });
}

function addRemoving(python: Command, { io, finish }: ProgramParts): void {
  python
    .command("remove")
    .description("remove packages, and what only they needed")
    .argument("<name...>", "names as they were added")
    .addOption(folderOption())
    .option("--json", "one JSON object on standard output", false)
    .addHelpText("after", examples("stakeout python remove policyuniverse"))
    .action(async (names: readonly string[], options: PythonListOptions) => {
      const { removePythonCommand } = await import("./python.ts");
      finish(await removePythonCommand({ names, ...options }, io));
    });
}
