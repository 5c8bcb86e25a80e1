import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

import { cli } from "../../cli/fixtures.ts";

/** A mistake that the compiler found. */
export interface Mistake {
  /** Name of the rule file, without its ending. */
  readonly file: string;
  readonly line: number;
  /** Such as `TS2322`. */
  readonly code: string;
  /** The first line of what it says. */
  readonly message: string;
}

/**
 * What the compiler says about rules in a folder as `stakeout init` makes it, so under the settings that authors have.
 * `rules`: the text of each by the name of its file, without the ending.
 */
export async function typeCheck(rules: Readonly<Record<string, string>>): Promise<readonly Mistake[]> {
  const folder = mkdtempSync(join(tmpdir(), "stakeout-types-"));
  try {
    await cli(["init", folder]);
    for (const [name, text] of Object.entries(rules))
      writeFileSync(join(folder, "rules", `${name}.ts`), text);
    const tsc = resolve("node_modules/typescript/bin/tsc");
    const { stdout, status } = spawnSync(process.execPath, [tsc, "-p", "."], {
      cwd: folder,
      encoding: "utf8",
    });
    const mistakes = stdout.split("\n").flatMap(readMistake);
    if (status !== 0 && mistakes.length === 0) throw new Error(`tsc failed: ${stdout}`);
    return mistakes;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** `rules/name.ts(3,12): error TS2322: Type …`; the lines that explain it further are indented. */
function readMistake(line: string): readonly Mistake[] {
  const found = /^rules\/(?<file>.+)\.ts\((?<line>\d+),\d+\): error (?<code>TS\d+): (?<message>.*)$/.exec(
    line,
  );
  if (found === null && /^\S/.test(line)) throw new Error(`tsc says: ${line}`);
  const { file = "", code = "", message = "", ...rest } = found?.groups ?? {};
  return found === null ? [] : [{ file, code, message, line: Number(rest["line"]) }];
}

/** The type of each expression on the `event` of a rule for these log types, as the compiler prints it. */
export async function typesOf(
  expressions: readonly { readonly logTypes: string; readonly expression: string }[],
): Promise<readonly string[]> {
  const probes = expressions.map(({ logTypes, expression }, index): [string, string] => [
    `probe${index}`,
    `import { defineRule } from "stakeout";
export default defineRule({
  id: "Probe",
  severity: "low",
  rule(event) {
    const probe: never = ${expression};
    return probe;
  },
  logTypes: ${logTypes},
});`,
  ]);
  const mistakes = await typeCheck(Object.fromEntries(probes));
  return probes.map(([name]) => {
    const found = mistakes.filter(({ file }) => file === name).map(({ message }) => message);
    const type = /^Type '(.*)' is not assignable to type 'never'\.$/.exec(found[0] ?? "")?.[1];
    return type ?? found.join("\n");
  });
}
