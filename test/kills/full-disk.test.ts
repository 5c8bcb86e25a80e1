import { spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";

import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";

import { cli } from "../cli/fixtures.ts";
import { Bench, differences, type Ended, type Outcome, tell } from "./fixtures.ts";
import { events, ruleFiles } from "./stream.ts";

const bench = new Bench(ruleFiles, events(40_000));
/** Size of the disk at first: less than the state takes. */
const smallMib = 2;

const noRoomForState = /^stakeout: There is no room for the state file .*Free some disk space and run again/;
const noRoomForAlerts =
  /^stakeout: Cannot write .*alerts\.jsonl: the disk is full; free some space and run again/;

/** Makes a disk of its own for a folder, or makes that disk larger. Answers whether this machine allows it. */
function mount(folder: string, mib: number, ...options: readonly string[]): boolean {
  mkdirSync(folder, { recursive: true });
  const all = [`size=${mib}m`, ...options].join(",");
  return spawnSync("mount", ["-t", "tmpfs", "-o", all, "stakeout-kills", folder]).status === 0;
}

function unmount(folder: string): void {
  spawnSync("umount", [folder]);
}

const probe = join(bench.folder, "probe");
const mounts = mount(probe, 1);
if (mounts) unmount(probe);
else tell("full disks are SKIPPED: this user may not mount a tmpfs; wrappers that fail stand in elsewhere");

afterAll(() => bench[Symbol.dispose]());

describe.skipIf(!mounts)("a disk that is full", { timeout: 120_000 }, () => {
  const disk = join(bench.folder, "disk");
  let whole: Outcome;
  beforeAll(async () => {
    whole = await bench.runWhole();
  });
  beforeEach(() => {
    mount(disk, smallMib);
    return () => unmount(disk);
  });

  /** Ends with status 1 and one line that says what to do, with whole lines of the alerts to come in the file. */
  function expectFull(ended: Ended, name: string, message: RegExp): void {
    expect(ended).toMatchObject({ code: 1, signal: null });
    const complaints = ended.stderr.split("\n").filter((line) => line !== "tick" && line !== "");
    expect(complaints).toEqual([expect.stringMatching(message)]);
    const alerts = bench.read(name, "alerts.jsonl");
    expect(whole.alerts.startsWith(alerts)).toBe(true);
    expect(alerts).toMatch(/(?:^|\n)$/);
  }

  test("of the state ends the run, and the next one with room goes on", async () => {
    const run = { name: "beside", stateFolder: "disk" };
    expectFull(await bench.run(run), "beside", noRoomForState);
    expectFull(await bench.run(run), "beside", noRoomForState);
    mount(disk, 200, "remount");
    expect(await cli(["state", "check", bench.pathOf("disk", "state.db")])).toMatchObject({ status: 0 });
    expect(await bench.run(run)).toMatchObject({ code: 0 });
    expect(differences(await bench.outcome("beside", "disk"), whole)).toEqual([]);
  });

  test("of the alerts ends the run, and the next one with room goes on", async () => {
    const run = { name: "disk", stateFolder: "state-beside" };
    mount(disk, 1, "remount");
    expectFull(await bench.run(run), "disk", noRoomForAlerts);
    mount(disk, 200, "remount");
    expect(await bench.run(run)).toMatchObject({ code: 0 });
    expect(differences(await bench.outcome("disk", "state-beside"), whole)).toEqual([]);
  });

  test("of everything, with a little more room each time", async () => {
    let fullTimes = 0;
    let ended = await bench.run({ name: "disk" });
    for (; ended.code !== 0 && fullTimes < 40; fullTimes++) {
      expectFull(ended, "disk", /There is no room for the state file|the disk is full/);
      mount(disk, smallMib + (fullTimes + 1) * 12, "remount");
      ended = await bench.run({ name: "disk" });
    }
    tell(`the disk was full ${fullTimes} times`);
    expect(fullTimes).toBeGreaterThan(1);
    expect(differences(await bench.outcome("disk"), whole)).toEqual([]);
  });
});
