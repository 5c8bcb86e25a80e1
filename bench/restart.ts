import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { JsonObject } from "../src/core/json.ts";
import { LaneHandle } from "../src/engine/supervisor.ts";
import { cloudTrailFile } from "./data.ts";
import { median } from "./measure.ts";
import { benchRules } from "./rules.ts";
import { runConfig } from "./run-config.ts";

const endsLane = `import { defineRule } from "stakeout";

export default defineRule({
  id: "Bench.EndsLane",
  logTypes: ["AWS.CloudTrail"],
  severity: "low",
  rule(event) {
    if (event.eventName === "EndLane") process.exit(0);
    return false;
  },
});
`;

const python = {
  "plain.py": "def rule(event):\n    return event.get('eventName') == 'Nothing'\n",
  "plain.yml":
    "AnalysisType: rule\nRuleID: Bench.Python\nFilename: plain.py\nLogTypes: [AWS.CloudTrail]\nSeverity: Low\nEnabled: true\n",
};

/** How long it takes from the end of a lane until the next one has opened everything and reads on. */
export async function benchRestart(rounds: number): Promise<void> {
  const { stateless, stateful } = benchRules();
  const input = cloudTrailFile(5e6);
  for (const withPython of [false, true]) {
    const tookMs: number[] = [];
    for (let round = 0; round < rounds; round++) {
      const folder = mkdtempSync(join(tmpdir(), "stakeout-bench-"));
      const rules = join(folder, "rules");
      mkdirSync(rules);
      writeFileSync(join(rules, "ends_lane.ts"), endsLane);
      if (withPython) {
        for (const [name, text] of Object.entries(python)) writeFileSync(join(rules, name), text);
      }
      const bad = join(folder, "bad.ndjson");
      writeFileSync(
        bad,
        `${JSON.stringify({ eventVersion: "1.08", eventSource: "s3.amazonaws.com", eventName: "EndLane" })}\n`,
      );
      tookMs.push(...(await restarts(folder, [input, bad], [rules, stateless, stateful])));
      rmSync(folder, { recursive: true });
    }
    const rulesText = withPython ? "23 TypeScript rules and one in Python" : "23 TypeScript rules";
    console.log(
      `${rulesText}: from the end of a lane to the next one: median ${Math.round(median(tookMs))} ms, ` +
        `at most ${Math.round(Math.max(...tookMs))} ms (${tookMs.length} restarts)`,
    );
  }
}

async function restarts(
  folder: string,
  inputs: readonly string[],
  rules: readonly string[],
): Promise<readonly number[]> {
  const config = runConfig(folder, inputs, rules);
  const tookMs: number[] = [];
  let endedMs: number | undefined;
  const lane = new LaneHandle({
    threadUrl: new URL("../src/config/lane-thread.ts", import.meta.url),
    config: config as unknown as JsonObject,
    limits: config.limits,
    keepsState: true,
    onOutput: () => Promise.resolve(),
    onWarning: () => undefined,
    onStuck: (message) => console.error(message),
    onRulePrint: () => undefined,
    onRestart: () => (endedMs = performance.now()),
    onReady: () => {
      if (endedMs !== undefined) tookMs.push(performance.now() - endedMs);
      endedMs = undefined;
    },
  });
  await lane.outcome;
  return tookMs;
}
