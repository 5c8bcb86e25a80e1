import {
  appendFileSync,
  copyFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

import { describe, expect, onTestFinished, test } from "vitest";

import { openState } from "../../src/config/open-state.ts";
import { SCHEMA_VERSION } from "../../src/state/sqlite/migrations.ts";
import { cli } from "../cli/fixtures.ts";
import {
  type History,
  joined,
  linesOf,
  moveState,
  pathsIn,
  type Remains,
  remainsOf,
  runLane,
  writeInput,
  writeRules,
} from "./history.ts";

const kept = import.meta.dirname;
const names = readdirSync(kept, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);

interface Restored {
  readonly history: History;
  readonly folder: string;
  readonly state: string;
}

/** A history at work in a folder of its own, as if it had been written there. */
function restore(name: string): Restored {
  const folder = mkdtempSync(join(tmpdir(), "stakeout-histories-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const text = readFileSync(join(kept, name, "history.json"), "utf8");
  const { folder: writtenIn } = JSON.parse(text) as History;
  const history = JSON.parse(text.replaceAll(writtenIn, folder)) as History;
  const { state, alerts, deadLetters } = pathsIn(folder);
  copyFileSync(join(kept, name, "state.sqlite"), state);
  writeRules(folder, history.rules);
  writeInput(folder, history.records);
  writeFileSync(alerts, joined(history.alertLines.slice(0, history.alertLinesBefore)));
  writeFileSync(deadLetters, joined(history.deadLetterLines.slice(0, history.deadLetterLinesBefore)));
  moveState(state, writtenIn, folder);
  return { history, folder, state };
}

/** As it is in history.json. */
function shown(remains: Remains): unknown {
  return JSON.parse(JSON.stringify(remains));
}

/**
 * Without what differs from folder to folder and from process to process: row ids are made of paths, stacks name how often
 * rules were loaded.
 */
function anywhere(remains: Remains): unknown {
  return JSON.parse(masked(JSON.stringify(remains)));
}

function masked(text: string): string {
  return text.replaceAll(/"p_row_id":"[0-9a-f]{32}"/g, '"p_row_id":""').replaceAll(/\?generation=\d+/g, "");
}

async function bringUpToDate(file: string): Promise<void> {
  await openState(file).close();
}

function versionOf(file: string): unknown {
  const db = new DatabaseSync(file);
  const row = db.prepare("PRAGMA user_version").get();
  db.close();
  return row?.["user_version"];
}

test("there is a file of each format", () => {
  const formats = new Set(names.map((name) => versionOf(restore(name).state)));
  expect(formats).toEqual(new Set(Array.from({ length: SCHEMA_VERSION }, (_, index) => index + 1)));
});

describe.each(names)("the state file of %s", (name) => {
  test("shows a reader what its version saw in it, and is not changed by that", async () => {
    const { history, folder, state } = restore(name);
    const before = readFileSync(state);
    expect(shown(await remainsOf(folder))).toEqual(history.before);
    expect(readFileSync(state).equals(before)).toBe(true);
  });

  test("holds the same once it is brought up to date", async () => {
    const { history, folder, state } = restore(name);
    await bringUpToDate(state);
    expect(versionOf(state)).toBe(SCHEMA_VERSION);
    expect(shown(await remainsOf(folder))).toEqual(history.before);
  });

  test("is sound, before and after it is brought up to date", async () => {
    const { state } = restore(name);
    expect(await cli(["state", "check", state])).toMatchObject({ status: 0 });
    await bringUpToDate(state);
    expect(await cli(["state", "check", state])).toMatchObject({ status: 0 });
  });

  test("is gone on from as its version did: state, windows, deliveries, positions, files", async () => {
    const { history, folder, state } = restore(name);
    const { alerts, deadLetters } = pathsIn(folder);
    // What a kill before the next commit leaves behind.
    appendFileSync(alerts, "never committed\n");
    writeInput(folder, [...history.records, ...history.moreRecords]);
    let delivered = "";
    await runLane(folder, async (text) => {
      delivered += text;
    });
    expect(anywhere(await remainsOf(folder))).toEqual(anywhere(history.after));
    expect(linesOf(alerts).map(masked)).toEqual(history.alertLines.map(masked));
    expect(linesOf(deadLetters)).toEqual(history.deadLetterLines);
    expect(masked(delivered)).toBe(masked(joined(history.alertLines.slice(-history.linesDelivered))));
    expect(await cli(["state", "check", state])).toMatchObject({ status: 0 });
  });

  test("exports what its version exported, and is the same after compacting and from a copy", async () => {
    const { history, folder, state } = restore(name);
    const exported = joined(history.before.items);
    expect((await cli(["state", "export", "--state", state])).stdout).toBe(exported);
    const copy = `${state}.copy`;
    expect(await cli(["state", "backup", state, copy])).toMatchObject({ status: 0 });
    expect((await cli(["state", "export", "--state", copy])).stdout).toBe(exported);
    expect(await cli(["state", "compact", state])).toMatchObject({ status: 0 });
    expect(shown(await remainsOf(folder))).toEqual(history.before);
  });
});
