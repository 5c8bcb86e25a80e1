import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

import { pantherPython } from "../conformance/venv.ts";
import { median, once, spread } from "./measure.ts";
import type { RunMeasurement } from "./once.ts";
import { pantherEventsFile } from "./panther/events.ts";
import { pythonShare } from "./panther/python-share.ts";
import { copyRulesOf } from "./panther/repository.ts";

export interface PantherBenchOptions {
  /** Folder of a Panther repository. */
  readonly repository: string;
  readonly rounds: number;
  /** Folder with CloudTrail files; `undefined`: events made up. */
  readonly events: string | undefined;
  /** Folder with the lock of the packages that rules import; `undefined`: the repository. */
  readonly packages: string | undefined;
}

/** As `panther/peer.py` prints it. */
interface PeerMeasurement {
  readonly events: number;
  readonly rules: number;
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly matches: number;
  readonly ruleErrors: number;
}

const logType = "AWS.CloudTrail";

/** How much quicker a lane's whole path is than the loop that calls Panther's own `Rule.run`, on the same rules and events. */
export function benchPanther(options: PantherBenchOptions): void {
  const python = pantherPython();
  const { folder, rules } = copyRulesOf(logType, resolve(options.repository));
  if (rules === 0) throw new Error(`There is no rule for ${logType} below ${options.repository}.`);
  copyPackages(options.packages ?? options.repository, folder);
  const { file, repeats } = pantherEventsFile(options.events);
  console.log(`${rules} rules for ${logType}; ${file}${repeats > 1 ? `, ${repeats} times over` : ""}`);
  const peers: PeerMeasurement[] = [];
  const lanes: RunMeasurement[] = [];
  for (let round = 1; round <= options.rounds; round++) {
    peers.push(measurePeer(python, folder, file));
    lanes.push(once(["run", file, folder]) as RunMeasurement);
    console.error(`round ${round} of ${options.rounds} done`);
  }
  report(peers, lanes);
  const share = measurePythonShare(file, folder);
  console.log(`of a lane's time, once rules are loaded, inside Python: ${Math.round(share * 100)} %`);
  rmSync(folder, { recursive: true });
}

function copyPackages(from: string, to: string): void {
  for (const name of ["stakeout-python.lock", ".stakeout/python"]) {
    const source = join(resolve(from), name);
    if (existsSync(source)) cpSync(source, join(to, name), { recursive: true });
  }
}

function measurePeer(python: string, repository: string, events: string): PeerMeasurement {
  const script = join(import.meta.dirname, "panther", "peer.py");
  const options = { cwd: repository, encoding: "utf8" } as const;
  return JSON.parse(execFileSync(python, [script, events, logType], options)) as PeerMeasurement;
}

function measurePythonShare(events: string, rules: string): number {
  const profiles = mkdtempSync(join(tmpdir(), "stakeout-bench-profiles-"));
  const flags = ["--cpu-prof", `--cpu-prof-dir=${profiles}`];
  const { seconds, first } = once(["run", events, rules], flags) as RunMeasurement;
  const share = pythonShare(profiles, seconds - first.seconds);
  rmSync(profiles, { recursive: true });
  return share;
}

/** Without what a lane does before it has counted its first events: loading rules, which is not timed in the peer either. */
function warm({ events, seconds, cpuSeconds, first }: RunMeasurement): Rates {
  return rates({
    events: events - first.events,
    seconds: seconds - first.seconds,
    cpuSeconds: cpuSeconds - first.cpuSeconds,
  });
}

interface Rates {
  readonly wall: number;
  readonly cpu: number;
}

function rates({
  events,
  seconds,
  cpuSeconds,
}: Pick<PeerMeasurement, "events" | "seconds" | "cpuSeconds">): Rates {
  return { wall: events / seconds, cpu: events / cpuSeconds };
}

function report(peers: readonly PeerMeasurement[], lanes: readonly RunMeasurement[]): void {
  const peerRates = peers.map(rates);
  const laneRates = lanes.map(warm);
  const [peer] = peers;
  const [lane] = lanes;
  if (peer === undefined || lane === undefined) throw new RangeError("--rounds must be at least 1");
  console.log(
    `matches: ${peer.matches} there, ${lane.matches} here; rule errors: ${peer.ruleErrors}, ${lane.ruleErrors}`,
  );
  console.log(
    `rules loaded in ${median(lanes.map(({ first }) => first.seconds)).toFixed(2)} s, with the first events`,
  );
  console.log(`${peers.length} rounds, medians${" ".repeat(22)}wall clock   processor time   events/s`);
  printRates("Panther's Rule.run, state in a dictionary", peerRates);
  printRates("Stakeout, one lane, the whole path", laneRates);
  const ratio = (of: (rate: Rates) => number): string =>
    spread(laneRates.map((rate, round) => of(rate) / of(peerRates[round] ?? rate)));
  console.log(
    `ratio (lowest to highest): ${ratio(({ wall }) => wall)} wall clock, ${ratio(({ cpu }) => cpu)} processor time`,
  );
}

function printRates(name: string, measured: readonly Rates[]): void {
  const rate = (of: (rate: Rates) => number): string =>
    Math.round(median(measured.map(of))).toLocaleString("en-US");
  console.log(
    `${name.padEnd(45)} ${rate(({ wall }) => wall).padStart(7)}   ${rate(({ cpu }) => cpu).padStart(14)}`,
  );
}
