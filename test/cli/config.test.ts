import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { describe, expect, onTestFinished, test } from "vitest";
import { parse } from "yaml";

import { cli, tempFolder } from "./fixtures.ts";

const config = `admin: {token: "\${file:admin-token}"}
sources: {main: {kind: http, token: "\${STAKEOUT_TEST_TOKEN}"}}
destinations: {out: {kind: stdout}}
`;

/** A folder with a configuration, and what it needs. */
function serviceFolder(text = config): string {
  const folder = tempFolder();
  mkdirSync(join(folder, "rules"));
  writeFileSync(join(folder, "admin-token"), "hunter2-hunter2-admin\n");
  writeFileSync(join(folder, "stakeout.yaml"), text);
  process.env["STAKEOUT_TEST_TOKEN"] = "hunter2-hunter2-source";
  onTestFinished(() => {
    delete process.env["STAKEOUT_TEST_TOKEN"];
  });
  return folder;
}

describe("config check", () => {
  test("says what there is when there are no problems", async () => {
    const file = join(serviceFolder(), "stakeout.yaml");
    expect(await cli(["config", "check", "-c", file])).toEqual({
      status: 0,
      stdout: `${file}: 1 source, 1 destination, no problems.\n`,
      stderr: "",
    });
  });

  test("tells every problem with file and line, and ends with 2", async () => {
    const file = join(serviceFolder(`${config}drian: 1s\nrules: gone\n`), "stakeout.yaml");
    const { status, stdout, stderr } = await cli(["config", "check", "--config", file]);
    expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
    expect(stderr).toBe(
      `${file}:4: There is no setting drian; did you mean drain?\n` +
        `${file}:5: rules: there is no file or folder ${join(file, "../gone")}.\n` +
        "2 problems in 1 file.\n",
    );
  });

  test("tells warnings, and ends with 0", async () => {
    const file = join(serviceFolder(`${config}http: {listen: 0.0.0.0:8480}\n`), "stakeout.yaml");
    const { status, stderr } = await cli(["config", "check", "-c", file]);
    expect(status).toBe(0);
    expect(stderr).toMatch(/^Warnings:\n.*:4: http listens on 0\.0\.0\.0 without tls/);
  });

  test("with --json answers one object", async () => {
    const file = join(serviceFolder(`${config}drian: 1s\n`), "stakeout.yaml");
    const { status, stdout, stderr } = await cli(["config", "check", "-c", file, "--json"]);
    expect({ status, stderr }).toEqual({ status: 2, stderr: "" });
    expect(JSON.parse(stdout)).toEqual({
      file,
      problems: [{ file, line: 4, message: "There is no setting drian; did you mean drain?" }],
      warnings: [],
    });
  });

  test("names the file it looked for", async () => {
    const file = join(tempFolder(), "stakeout.yaml");
    expect(await cli(["config", "check", "-c", file])).toEqual({
      status: 2,
      stdout: "",
      stderr: `${file}: There is no such file; name another one with -c FILE.\n1 problem in 1 file.\n`,
    });
  });

  test("looks for stakeout.yaml in the working folder", async () => {
    const { stdout } = await cli(["config", "check", "--help"]);
    expect(stdout).toContain('(default: "./stakeout.yaml")');
  });
});

describe("config show", () => {
  test("shows settings in YAML without secrets", async () => {
    const folder = serviceFolder();
    const { status, stdout, stderr } = await cli(["config", "show", "-c", join(folder, "stakeout.yaml")]);
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    expect(stdout).not.toContain("hunter2");
    expect(parse(stdout)).toMatchObject({
      rules: { paths: [join(folder, "rules")], watch: true },
      admin: { listen: "127.0.0.1:8481", token: "(hidden)" },
      sources: { main: { kind: "http", tokens: ["(hidden)"] } },
      drain: "10s",
    });
  });

  test("with --json shows the same as JSON", async () => {
    const file = join(serviceFolder(), "stakeout.yaml");
    const yaml = await cli(["config", "show", "-c", file]);
    const json = await cli(["config", "show", "-c", file, "--json"]);
    expect(JSON.parse(json.stdout)).toEqual(parse(yaml.stdout));
  });

  test("tells problems instead, and ends with 2", async () => {
    const file = join(serviceFolder("admin: {}\n"), "stakeout.yaml");
    const { status, stdout, stderr } = await cli(["config", "show", "-c", file]);
    expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
    expect(stderr).toContain(`${file}:1: admin.token is missing.\n`);
  });
});
