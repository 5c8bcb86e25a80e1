import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { describe, expect, test } from "vitest";

import { cli, tempFolder } from "./fixtures.ts";

describe("bash", () => {
  test.each([
    ["r", ["reload", "rules", "run"]],
    ["alerts ", ["list", "show", "--help", "-h"]],
    ["alerts list --st", ["--state", "--status"]],
    ["alerts list --status ", ["open", "closed"]],
    ["alerts list --status open --j", ["--json"]],
    ["run --format a", ["auto", "array"]],
    ["completion f", ["fish"]],
    ["alerts list --limit ", []],
  ])("completes stakeout %s", async (line, expected) => {
    expect((await completeInBash(line)).sort()).toEqual([...expected].sort());
  });

  test("leaves files to the shell where a file is asked for", async () => {
    const folder = tempFolder();
    mkdirSync(join(folder, "rules"));
    expect(await completeInBash("run --rules ", "compopt() { COMPREPLY=(files); }")).toEqual(["files"]);
    expect(await completeInBash("state export bac", "compopt() { COMPREPLY=(files); }")).toEqual(["files"]);
  });
});

test.each(["zsh", "fish"] as const)("%s gets every command and every option", async (shell) => {
  const { status, stdout } = await cli(["completion", shell]);
  expect(status).toBe(0);
  for (const word of [
    "run",
    "check",
    "init",
    "export",
    "import",
    "dead-letters",
    "log-types-dir",
    "severity",
  ]) {
    expect(stdout).toMatch(new RegExp(`\\b${word}\\b`));
  }
});

/** What bash offers after this line. `before` can replace commands that only work while somebody types. */
async function completeInBash(line: string, before = "compopt() { :; }"): Promise<string[]> {
  const { stdout } = await cli(["completion", "bash"]);
  const folder = tempFolder();
  const words = ["stakeout", ...line.split(" ")];
  const script = [
    before,
    stdout,
    `COMP_WORDS=(${words.map((word) => `"${word}"`).join(" ")})`,
    `COMP_CWORD=${words.length - 1}`,
    "_stakeout",
    'printf "%s\\n" "${COMPREPLY[@]}"',
  ];
  writeFileSync(join(folder, "complete.sh"), script.join("\n"));
  const output = execFileSync("bash", [join(folder, "complete.sh")], { encoding: "utf8" });
  return output.split("\n").filter((word) => word !== "");
}
