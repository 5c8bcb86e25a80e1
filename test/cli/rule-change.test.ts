import { existsSync } from "node:fs";
import { join } from "node:path";

import { describe, expect, test } from "vitest";

import { openState } from "../../src/config/open-state.ts";
import { Staging } from "../../src/engine/staging.ts";
import { loadedRule } from "../rules/fixtures.ts";
import { cli, tempFolder } from "./fixtures.ts";

async function emptyState(): Promise<string> {
  const file = join(tempFolder(), "state.db");
  await openState(file).close();
  return file;
}

async function isStaged(file: string, id: string): Promise<boolean> {
  const store = openState(file, { readOnly: true });
  const staging = new Staging(store);
  await staging.load();
  await store.close();
  return staging.isStaged(loadedRule({}, { id }).manifest, 0);
}

describe("a rule in the state of a run", () => {
  test("is staged and promoted", async () => {
    const state = await emptyState();
    const staged = await cli(["rules", "stage", "Test.Rule", "--state", state]);
    expect([staged.status, staged.stderr]).toEqual([
      0,
      "Rule Test.Rule notifies nobody from the next run on.\n",
    ]);
    expect(await isStaged(state, "Test.Rule")).toBe(true);
    expect(await isStaged(state, "Test.Other")).toBe(false);
    expect((await cli(["rules", "promote", "Test.Rule", "--state", state])).status).toBe(0);
    expect(await isStaged(state, "Test.Rule")).toBe(false);
  });

  test("cannot be changed where there is no state", async () => {
    const state = join(tempFolder(), "none.db");
    const { status, stderr } = await cli(["rules", "stage", "Test.Rule", "--state", state]);
    expect([status, stderr]).toEqual([1, expect.stringMatching(/There is no state file/)]);
    expect(existsSync(state)).toBe(false);
  });
});

test("a rule of a service cannot be changed where there is no configuration", async () => {
  const { status, stderr } = await cli(["rules", "promote", "A.Rule", "-c", join(tempFolder(), "none.yaml")]);
  expect([status, stderr]).toEqual([2, expect.stringMatching(/none\.yaml/)]);
});
