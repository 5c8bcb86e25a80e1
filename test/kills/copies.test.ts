import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, copyFileSync, cpSync, existsSync, mkdirSync, openSync, readSync, rmSync } from "node:fs";
import { join } from "node:path";

import { afterAll, beforeAll, expect, test } from "vitest";

import { cli } from "../cli/fixtures.ts";
import { Bench, bin, chanceFor, differences, type Outcome, type RunFile } from "./fixtures.ts";
import { events, rules, tick } from "./stream.ts";

const eventCount = 60_000;
const ticks = 120;

let bench: Bench;
let whole: Outcome;
beforeAll(async () => {
  bench = new Bench(rules, events(eventCount));
  expect(await bench.run({ name: "whole" })).toMatchObject({ code: 0 });
  whole = await bench.outcome("whole");
});
afterAll(() => bench[Symbol.dispose]());
