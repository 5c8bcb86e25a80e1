import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";

import type { FunctionOutput, RuleTest } from "../src/testing/rule-tests/model.ts";
import type { PlannedTests } from "../src/testing/rule-tests/plan.ts";
import { type Answers, type Comparison, Comparing, type PeerTest } from "./compare.ts";
import { pantherPython } from "./venv.ts";

const peerScript: string = join(import.meta.dirname, "panther_peer.py");
const pythonNames: Readonly<Record<string, string>> = { policy: "rule", alertContext: "alert_context" };

/** What differs between runs with these depends on the order of sets, or on chance. The first is the one compared. */
const hashSeeds = ["1", "2", "5", "6"];

/**
 * Compares what every function answers in every test, matching or not, with Panther's packages. `plan` must not have run a
 * test yet: what rules keep in variables of their modules shows in later tests.
 */
export async function compareWithPanther(plan: PlannedTests): Promise<Comparison> {
  const python = pantherPython();
  const runs: Map<string, PeerTest>[] = [];
  for (const seed of hashSeeds) runs.push(await runPeer(python, seed, []));
  const [there = new Map<string, PeerTest>(), ...again] = runs;
  const typed = await runPeer(python, hashSeeds[0], ["--with-log-types"]);
  const comparing = new Comparing();
  for (const test of plan.tests) {
    const spec = plan.specOf(test.ruleId);
    if (spec === undefined) continue;
    if (spec.body.kind === "simple") {
      comparing.skip("simple detections run on Panther's servers only");
      continue;
    }
    const key = keyOf(test);
    const peer = there.get(key);
    if (peer === undefined) {
      comparing.skip("Panther's tool did not run it");
      continue;
    }
    const { outputs } = await plan.run(test, { strictAuxiliary: true, explainFailures: false });
    comparing.add(
      { test, isSignal: !spec.manifest.createAlert, here: answersOf(outputs) },
      {
        there: peer.functions,
        again: again.map((run) => run.get(key)?.functions ?? {}),
        typed: typed.get(key)?.functions ?? {},
      },
    );
  }
  return comparing.result();
}

function answersOf(outputs: readonly FunctionOutput[]): Answers {
  return Object.fromEntries(
    outputs.map(({ function: name, output, error }) => [
      pythonNames[name] ?? name,
      error === null ? { output } : { error },
    ]),
  );
}

function keyOf({ ruleId, name }: Pick<RuleTest, "ruleId" | "name">): string {
  return JSON.stringify([ruleId, name]);
}

/** Runs Panther's tool on the working folder and answers its tests by rule and name. */
async function runPeer(
  python: string,
  hashSeed: string | undefined,
  options: readonly string[],
): Promise<Map<string, PeerTest>> {
  const peer = spawn(python, [peerScript, ...options], {
    env: { ...process.env, PYTHONHASHSEED: hashSeed },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const output: Buffer[] = [];
  const errors: Buffer[] = [];
  peer.stdout.on("data", (bytes: Buffer) => output.push(bytes));
  peer.stderr.on("data", (bytes: Buffer) => errors.push(bytes));
  const [status] = (await once(peer, "close")) as [number | null];
  if (status !== 0) throw new Error(`Panther's tool failed: ${Buffer.concat(errors).toString("utf8")}`);
  const lines = Buffer.concat(output).toString("utf8").trimEnd().split("\n");
  const tests = lines.map((line) => JSON.parse(line) as PeerTest);
  return new Map(tests.map((test) => [keyOf(test), test]));
}
