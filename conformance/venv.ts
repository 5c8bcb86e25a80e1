import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const folder: string = join(import.meta.dirname, ".venv");
const requirementsFile: string = join(import.meta.dirname, "requirements.txt");
/** Tells what the environment was made from. Written last, so that one that was not finished is made anew. */
const madeFrom: string = join(folder, "made-from.txt");

/**
 * The Python interpreter of a virtual environment with Panther's own packages, made at the first call and whenever
 * `requirements.txt` has changed. Takes about a minute and the network then. Throws when it cannot be made.
 */
export function pantherPython(): string {
  const python = join(folder, "bin", "python");
  const requirements = readFileSync(requirementsFile, "utf8");
  if (existsSync(madeFrom) && readFileSync(madeFrom, "utf8") === requirements) return python;
  process.stderr.write(`Making a virtual environment with Panther's packages in ${folder}\n`);
  rmSync(folder, { recursive: true, force: true });
  run("python3", ["-m", "venv", folder]);
  run(python, ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", requirementsFile]);
  writeFileSync(madeFrom, requirements);
  return python;
}

function run(command: string, args: readonly string[]): void {
  const { status, stderr, error } = spawnSync(command, args, { encoding: "utf8" });
  if (status === 0) return;
  throw new Error(`${command} ${args.join(" ")} failed: ${error?.message ?? stderr}`);
}
