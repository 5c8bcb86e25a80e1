import * as fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";

import type { LoadedRule } from "../../src/rules/runtime.ts";
import { type RulesFolder, withRules } from "../rules/fixtures.ts";
import { cloudTrail, Crash, createLane, Disk } from "./fixtures.ts";

let folder: RulesFolder;
let rules: readonly LoadedRule[];

const head = `import { addToStringSet, defineRule, evaluateThreshold, getDictionary, incrementCounter, putDictionary, resetCounter, setKeyExpiration } from "stakeout";
`;

beforeAll(async () => {
  folder = withRules({
    "burst.ts": `${head}export default defineRule({ id: "Burst", logTypes: ["AWS.CloudTrail"], severity: "high", dedupPeriod: "5m",
      async rule(event) {
        const count = await incrementCounter(event.userIdentity.arn);
        if (count === 1) await setKeyExpiration(event.userIdentity.arn, { in: "10m" });
        if (count < 3) return false;
        await resetCounter(event.userIdentity.arn);
        return true;
      },
      title: (event) => event.userIdentity.arn });`,
    "first.ts": `${head}export default defineRule({ id: "FirstSeen", logTypes: ["AWS.CloudTrail"], severity: "low", dedupPeriod: "20m", threshold: 2,
      rule: async (event) => (await addToStringSet("seen-" + event.userIdentity.arn, event.sourceIPAddress)).size > 1,
      unique: (event) => event.sourceIPAddress, dedup: () => "all" });`,
    "last.ts": `${head}export default defineRule({ id: "Jump", logTypes: ["AWS.CloudTrail"], severity: "info",
      async rule(event) {
        const { region } = await getDictionary("last-" + event.userIdentity.arn);
        await putDictionary("last-" + event.userIdentity.arn, { region: event.awsRegion }, { in: "30m" });
        return region !== undefined && region !== event.awsRegion;
      },
      title: (event) => event.userIdentity.arn + " moved", alertContext: (event) => ({ region: event.awsRegion }) });`,
    "throws.ts": `${head}export default defineRule({ id: "Throws", logTypes: ["AWS.CloudTrail"], severity: "info",
      async rule(event) {
        if (await evaluateThreshold("throws", 4, 600)) throw new RangeError("four");
        return false;
      } });`,
  });
  const loaded = await folder.load();
  if (loaded.problems.length > 0) throw new Error(JSON.stringify(loaded.problems));
  rules = loaded.rules;
});
afterAll(() => folder[Symbol.dispose]());

const record = fc.oneof(
  {
    weight: 9,
    arbitrary: fc
      .record({
        seconds: fc.integer({ min: 0, max: 7200 }),
        user: fc.constantFrom("ada", "bo"),
        address: fc.constantFrom("192.0.2.1", "192.0.2.2", "192.0.2.3"),
        region: fc.constantFrom("eu-north-1", "us-west-2"),
      })
      .map(({ seconds, user, address, region }) =>
        cloudTrail(seconds, { userIdentity: { arn: user }, sourceIPAddress: address, awsRegion: region }),
      ),
  },
  { weight: 1, arbitrary: fc.constantFrom("{", '"bare"', '{"what":"is this"}') },
);

/** Everything that a user can look at afterwards. */
function remains(disk: Disk): unknown {
  const byKey = ([left]: readonly [string, unknown], [right]: readonly [string, unknown]): number =>
    left < right ? -1 : 1;
  return {
    files: [...disk.files].sort(byKey),
    items: [...disk.items].sort(byKey),
    entries: [...disk.entries].sort(byKey),
    positions: [...disk.positions],
    clockMs: disk.clockMs,
  };
}

async function runThrough(
  records: readonly string[],
  crashes: readonly number[],
  chunks: number,
): Promise<Disk> {
  const disk = new Disk();
  for (const stepsLeft of [...crashes, Number.POSITIVE_INFINITY]) {
    disk.stepsLeft = stepsLeft;
    try {
      const { lane } = await createLane({ records, rules, disk, chunkRecords: chunks });
      await lane.run();
    } catch (error) {
      if (!(error instanceof Crash)) throw error;
    }
  }
  return disk;
}

test("files, state, alerts and rule errors are the same wherever batches are cut and the process dies", async () => {
  const crashPoints = fc.array(fc.nat(12), { maxLength: 6 });
  await fc.assert(
    fc.asyncProperty(
      fc.array(record, { maxLength: 40 }),
      crashPoints,
      fc.integer({ min: 1, max: 9 }),
      async (records, crashes, chunkRecords) => {
        const expected = await runThrough(records, [], 1000);
        const actual = await runThrough(records, crashes, chunkRecords);
        expect(remains(actual)).toEqual(remains(expected));
        const keys = (disk: Disk): unknown =>
          new Set(disk.delivered.map((delivery) => delivery.idempotencyKey));
        expect(keys(actual)).toEqual(keys(expected));
      },
    ),
    { numRuns: 300 },
  );
});
