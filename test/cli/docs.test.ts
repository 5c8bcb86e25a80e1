import { readFileSync } from "node:fs";

import { describe, expect, test } from "vitest";

import { createProgram } from "../../src/cli/program.ts";
import { errorCodes, StakeoutError, type ErrorCode } from "../../src/core/errors.ts";
import { defaultLimits } from "../../src/core/limits.ts";
import { cli } from "./fixtures.ts";

/** The cells of the table rows that begin with a name in backticks. */
function tableRows(file: string): readonly (readonly string[])[] {
  return readFileSync(file, "utf8")
    .split("\n")
    .filter((line) => line.startsWith("| `"))
    .map((line) =>
      line
        .split("|")
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
}

describe("docs/ERRORS.md", () => {
  const rows = tableRows("docs/ERRORS.md").map(([code = "", retryable, status, meaning, advice]) => ({
    code: code.replaceAll("`", ""),
    retryable,
    status,
    meaning,
    advice,
  }));

  test("has one row for each code, in the order of the source", () => {
    expect(rows.map(({ code }) => code)).toEqual(Object.keys(errorCodes));
  });

  test.each(rows)("says of $code whether it is retryable, as the class does", ({ code, retryable }) => {
    const error = new StakeoutError(code as ErrorCode, "…");
    expect(error.code).toBe(code);
    expect(retryable).toBe(error.retryable ? "yes" : "no");
  });

  test.each(rows)("says what $code means and what to do", ({ meaning, advice }) => {
    expect(meaning).toMatch(/\w.*\.$/);
    expect(advice).toMatch(/\w.*\.$/);
  });
});

describe("docs/LIMITS.md", () => {
  const rows = tableRows("docs/LIMITS.md");

  test("has one row for each limit with its default", () => {
    const documented = rows.map(([name = "", value = ""]) => [
      name.replaceAll("`", ""),
      Number(value.replaceAll(",", "")),
    ]);
    expect(documented).toEqual(Object.entries(defaultLimits));
  });

  test("names only error codes that exist", () => {
    const named = rows.flatMap((cells) => cells.join(" ").match(/[A-Z]+_[A-Z_]+/g) ?? []);
    expect(named.filter((code) => !(code in errorCodes))).toEqual([]);
    expect(named.length).toBeGreaterThan(0);
  });
});

describe("docs/cli.md", () => {
  const text = readFileSync("docs/cli.md", "utf8");
  const unused = { nowMs: () => 0, monotonicMs: () => 0 };
  const { stdin, stdout, stderr } = process;
  const program = createProgram({ io: { stdin, stdout, stderr, clock: unused }, finish: () => {} });
  const commands = program.commands.flatMap((command) =>
    command.commands.length === 0 ? [command] : command.commands,
  );

  test.each(commands.map((command) => ({ command, name: nameOf(command) })))(
    "has a section for $name with an example and all of its options",
    ({ command, name }) => {
      const section = text.split(new RegExp(`^## \`${name}\\b`, "m"))[1]?.split(/^## /m)[0] ?? "";
      expect(section).toContain(`stakeout ${name}`);
      for (const { long } of command.options) expect(section).toContain(`\`${long ?? ""}`);
    },
  );

  test("shows only commands that can be parsed", async () => {
    const shown = [...text.matchAll(/^(?:.*\| )?stakeout ([a-z]+(?: [a-z]+)?)/gm)].map(
      ([, words]) => words ?? "",
    );
    expect(shown.length).toBeGreaterThan(10);
    for (const words of new Set(shown)) {
      const [group, name] = words.split(" ");
      const path =
        name === undefined || group === "init" || group === "completion"
          ? [group ?? ""]
          : [group ?? "", name];
      expect({ words, status: (await cli([...path, "--help"])).status }).toEqual({ words, status: 0 });
    }
  });
});

function nameOf(command: ReturnType<typeof createProgram>): string {
  const parent = command.parent?.name();
  return parent === undefined || parent === "stakeout" ? command.name() : `${parent} ${command.name()}`;
}
