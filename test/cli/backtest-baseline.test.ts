import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { describe, expect, test } from "vitest";

import { cli, tempFolder, type CliResult } from "./fixtures.ts";

interface RuleFields {
  readonly id?: string;
  readonly from?: number;
  readonly severity?: string;
  readonly imports?: string;
}

/** A rule that matches GETs of at least so many bytes. */
function rule({ id = "Large", from = 10, severity = '"low"', imports = "" }: RuleFields = {}): string {
  return `import { defineRule } from "stakeout";
${imports}
export default defineRule({ id: "${id}", logTypes: ["AWS.CloudTrail"], severity: ${severity},
  rule: (event) => event.size >= ${from}, title: (event) => "${id} " + event.size });
`;
}

const sizes = [8, 9, 10, 11];

function events(): string {
  return sizes
    .map((size, index) =>
      JSON.stringify({
        eventVersion: "1.08",
        eventTime: new Date(Date.UTC(2026, 0, 1, index)).toISOString(),
        eventSource: "s3.amazonaws.com",
        eventName: "GetObject",
        size,
      }),
    )
    .join("\n");
}

interface Repository {
  readonly path: string;
  readonly git: (...args: readonly string[]) => void;
  readonly write: (files: Readonly<Record<string, string>>) => void;
}

/** A git repository with one commit of these files, and the events beside them. */
function repository(files: Readonly<Record<string, string>>): Repository {
  const path = tempFolder();
  const git = (...args: readonly string[]): void => {
    const identity = ["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false"];
    execFileSync("git", [...identity, ...args], { cwd: path, stdio: "pipe" });
  };
  const write = (files: Readonly<Record<string, string>>): void => {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(join(path, name, ".."), { recursive: true });
      writeFileSync(join(path, name), text);
    }
  };
  git("init", "--quiet", "--initial-branch=main");
  write(files);
  git("add", ".");
  git("commit", "--quiet", "-m", "first");
  write({ "events.ndjson": events() });
  return { path, git, write };
}

interface Compared {
  readonly appeared: readonly { readonly title: string }[];
  readonly vanished: readonly { readonly title: string }[];
  readonly changed: readonly { readonly fields: readonly string[] }[];
  readonly unchanged: number;
}

function against(path: string, baseline: string, ...args: readonly string[]): Promise<CliResult> {
  return cli([
    "backtest",
    "--rules",
    join(path, "rules"),
    "--input",
    join(path, "events.ndjson"),
    "--baseline",
    baseline,
    ...args,
  ]);
}

async function compared(path: string, baseline: string, ...args: readonly string[]): Promise<Compared> {
  const { status, stdout, stderr } = await against(path, baseline, "--json", ...args);
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  return (JSON.parse(stdout) as { baseline: Compared }).baseline;
}

function titles(alerts: readonly { readonly title: string }[]): readonly string[] {
  return alerts.map(({ title }) => title);
}

describe("a commit as baseline", () => {
  test("shows what appears, vanishes and changes", async () => {
    const { path, write } = repository({ "rules/large.ts": rule(), "rules/other.ts": rule({ id: "Old" }) });
    write({
      "rules/large.ts": rule({ from: 9, severity: '(event) => event.size > 10 ? "high" : "low"' }),
      "rules/other.ts": rule({ id: "New", from: 11 }),
    });
    const { appeared, vanished, changed, unchanged } = await compared(path, "HEAD");
    expect(titles(appeared)).toEqual(["Large 9", "New 11"]);
    expect(titles(vanished)).toEqual(["Old 10", "Old 11"]);
    expect(changed).toMatchObject([
      { fields: ["severity"], before: { severity: "low" }, after: { severity: "high", title: "Large 11" } },
    ]);
    expect(unchanged).toBe(1);
  });

  test("shows it to people", async () => {
    const { path, write } = repository({ "rules/large.ts": rule() });
    write({ "rules/large.ts": rule({ from: 11, severity: '"high"' }) });
    const { stdout, stderr } = await against(path, "main");
    expect(stdout).toContain("2 → 1");
    expect(stdout).toMatch(/^Vanished \(1\)\n.*\n.*Large 10$/m);
    expect(stdout).toMatch(/^Changed \(1\)\n.*Large 11\n {2}severity: low → high$/m);
    expect(stderr).toContain(
      "Against main (2 alerts, 0 rule errors): 0 appeared, 1 vanished, 1 changed, 0 as before.",
    );
  });

  test("has all alerts as before when nothing was changed", async () => {
    const { path } = repository({ "rules/large.ts": rule() });
    expect(await compared(path, "HEAD")).toEqual({
      name: "HEAD",
      summary: expect.anything(),
      appeared: [],
      vanished: [],
      changed: [],
      unchanged: 2,
    });
  });

  test("takes modules that the rules import from that commit, wherever they are", async () => {
    const imports = `import { least } from "../lib/least.ts";`;
    const text = rule({ imports }).replace(">= 10", ">= least");
    const { path, write } = repository({
      "rules/large.ts": text,
      "lib/least.ts": "export const least: number = 10;\n",
    });
    write({ "lib/least.ts": "export const least: number = 11;\n" });
    expect(titles((await compared(path, "HEAD")).vanished)).toEqual(["Large 10"]);
  });

  test("leaves working tree and index alone", async () => {
    const { path, write, git } = repository({ "rules/large.ts": rule() });
    write({ "rules/large.ts": rule({ from: 1 }) });
    const state = (): string =>
      execFileSync("git", ["status", "--porcelain"], { cwd: path, encoding: "utf8" });
    git("add", "rules");
    const before = state();
    await compared(path, "HEAD");
    expect(state()).toBe(before);
  });

  test("may be older than a rule that --rule names", async () => {
    const { path, write } = repository({ "rules/large.ts": rule() });
    write({ "rules/new.ts": rule({ id: "New", from: 11 }) });
    const { appeared, vanished } = await compared(path, "HEAD", "--rule", "New");
    expect({ appeared: titles(appeared), vanished }).toEqual({ appeared: ["New 11"], vanished: [] });
  });

  test("with invalid rules is named, with their names at that commit", async () => {
    const { path, write } = repository({ "rules/large.ts": "export default 1 +;\n" });
    write({ "rules/large.ts": rule() });
    const { status, stderr } = await against(path, "HEAD");
    expect(status).toBe(2);
    expect(stderr).toMatch(
      /^stakeout: the rules of baseline HEAD have problems:\nHEAD:rules\/large\.ts:1: .*\n1 problem in 1 file\.\n$/,
    );
  });
});

describe("a folder as baseline", () => {
  test("is compared with", async () => {
    const path = tempFolder();
    for (const name of ["rules", "old"]) mkdirSync(join(path, name));
    writeFileSync(join(path, "events.ndjson"), events());
    writeFileSync(join(path, "rules/large.ts"), rule({ from: 9 }));
    writeFileSync(join(path, "old/large.ts"), rule());
    expect(titles((await compared(path, join(path, "old"))).appeared)).toEqual(["Large 9"]);
  });
});

describe("a baseline that cannot be had exits with 2", () => {
  test("no repository", async () => {
    const path = tempFolder();
    mkdirSync(join(path, "rules"));
    writeFileSync(join(path, "rules/large.ts"), rule());
    const { status, stderr } = await against(path, "main");
    expect(status).toBe(2);
    expect(stderr).toContain("There is no folder main, and no git repository around");
  });

  test.each(["no-such-branch", "--help", "HEAD~9", "a b"])("unknown ref %s", async (ref) => {
    const { path } = repository({ "rules/large.ts": rule() });
    const { status, stderr } = await cli([
      "backtest",
      `--baseline=${ref}`,
      "--rules",
      join(path, "rules"),
      "--input",
      join(path, "events.ndjson"),
    ]);
    expect(status).toBe(2);
    expect(stderr).toContain(`There is neither a folder ${ref} nor a commit of that name in the repository`);
  });

  test("rules that were not there at that commit", async () => {
    const { path, write } = repository({ "README.md": "rules come later\n" });
    write({ "rules/large.ts": rule() });
    const { status, stderr } = await against(path, "HEAD");
    expect(status).toBe(2);
    expect(stderr).toContain("There is no rules at HEAD in");
  });

  test("rules that are not there now", async () => {
    const { path } = repository({ "README.md": "none\n" });
    const { status, stderr } = await against(path, "HEAD");
    expect(status).toBe(2);
    expect(stderr).toContain("no such file or folder");
  });
});
