/**
 * Keeps a state file of this version for the tests of all later ones: `node scripts/make-history.ts [NAME]` writes
 * test/histories/NAME, by default the version in package.json. Run it when a version is released, and never again for it.
 */
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

import { loadContent } from "../src/config/build.ts";
import { openState } from "../src/config/open-state.ts";
import { defaultLimits } from "../src/core/limits.ts";
import { SuspensionBook } from "../src/engine/suspensions.ts";
import { foldJournal } from "../src/state/sqlite/fold.ts";
import {
  type History,
  linesOf,
  pathsIn,
  remainsOf,
  runLane,
  writeInput,
  writeRules,
} from "../test/histories/history.ts";

const head = `import { addToStringSet, defineRule, evaluateThreshold, getDictionary, incrementCounter, putDictionary, putStringSet, resetCounter, setKeyExpiration } from "stakeout";
`;

/** A rule for each way of remembering. */
const rules: Readonly<Record<string, string>> = {
  "burst.ts": `${head}export default defineRule({ id: "History.Burst", logTypes: ["AWS.CloudTrail"], severity: "high", dedupPeriod: "5m",
  summaryAttributes: ["eventName"],
  async rule(event) {
    await putStringSet("ten minutes:" + event.eventTime.slice(0, 15), event.eventName, { in: "10m" });
    const key = "burst:" + event.userIdentity.arn;
    const count = await incrementCounter(key);
    if (count === 1) await setKeyExpiration(key, { in: "10m" });
    if (count < 3) return false;
    await resetCounter(key);
    return true;
  },
  title: (event) => event.userIdentity.arn + " in a burst" });
`,
  "addresses.ts": `${head}export default defineRule({ id: "History.Addresses", logTypes: ["AWS.CloudTrail"], severity: "low", dedupPeriod: "2h", threshold: 2,
  rule: async (event) => (await addToStringSet("addresses:" + event.userIdentity.arn, event.sourceIPAddress)).size > 1,
  unique: (event) => event.sourceIPAddress, dedup: () => "all" });
`,
  "region.ts": `${head}export default defineRule({ id: "History.Region", logTypes: ["AWS.CloudTrail"], severity: "info", dedupPeriod: "1h",
  async rule(event) {
    const key = "region:" + event.userIdentity.arn;
    const { region } = await getDictionary(key);
    await putDictionary(key, { region: event.awsRegion, "\\u2028": [null, 1.5, { "": "\\u0000" }] }, { in: "30m" });
    return region !== undefined && region !== event.awsRegion;
  },
  title: (event) => event.userIdentity.arn + " moved", dedup: (event) => event.awsRegion,
  alertContext: (event) => ({ region: event.awsRegion }) });
`,
  "for-good.ts": `${head}export default defineRule({ id: "History.ForGood", logTypes: ["AWS.CloudTrail"], severity: "info",
  async rule(event) {
    const key = "for good \\u{1F600}\\n" + event.eventName;
    await incrementCounter(key, -1000, 0);
    await putStringSet(key, ["", "\\u0000", "\\uFFFD", event.userIdentity.arn]);
    await putDictionary(key, { last: event.eventTime });
    return false;
  } });
`,
  "throws.ts": `${head}export default defineRule({ id: "History.Throws", logTypes: ["AWS.CloudTrail"], severity: "info",
  async rule(event) {
    if (await evaluateThreshold("throws", 4, 600)) throw new RangeError("four within " + event.eventName);
    return false;
  } });
`,
};

/** An event every 100 seconds of two users who wander between addresses and regions; a few records are no events. */
function recordsFrom(first: number, count: number): readonly string[] {
  return Array.from({ length: count }, (_, offset) => {
    const number = first + offset;
    if (number % 29 === 28) return `{"number":${number}`;
    return JSON.stringify({
      eventVersion: "1.08",
      eventTime: new Date(Date.UTC(2026, 0, 1) + number * 100_000).toISOString(),
      eventSource: "s3.amazonaws.com",
      eventName: ["GetObject", "PutObject", "ListBuckets"][number % 3],
      awsRegion: number % 11 === 0 ? "eu-north-1" : "us-west-2",
      sourceIPAddress: `192.0.2.${(number % 7) + 1}`,
      userIdentity: {
        type: "IAMUser",
        arn: number % 5 === 0 ? "arn:aws:iam::1:user/bo" : "arn:aws:iam::1:user/ada",
      },
    });
  });
}

async function make(folder: string, name: string): Promise<History> {
  const paths = pathsIn(folder);
  writeRules(folder, rules);
  const records = recordsFrom(0, 60);
  const moreRecords = recordsFrom(60, 30);
  // Folded once; then two runs whose journal stays, of which the second does not get rid of its alerts.
  writeInput(folder, records.slice(0, 30));
  await runLane(folder, async () => {});
  fold(paths.state);
  writeInput(folder, records.slice(0, 45));
  await runLane(folder, async () => {});
  await suspend(paths.state, paths.rules, "History.ForGood");
  writeInput(folder, records);
  await runLane(folder, () => Promise.reject(new Error("nobody reads"))).catch(() => undefined);
  const before = await remainsOf(folder);
  const alertLinesBefore = linesOf(paths.alerts).length;
  const deadLetterLinesBefore = linesOf(paths.deadLetters).length;
  keep(paths.state, name);
  let delivered = "";
  writeInput(folder, [...records, ...moreRecords]);
  await runLane(folder, async (text) => {
    delivered += text;
  });
  return {
    version: name,
    folder,
    rules,
    records,
    moreRecords,
    before,
    after: await remainsOf(folder),
    alertLines: linesOf(paths.alerts),
    alertLinesBefore,
    deadLetterLines: linesOf(paths.deadLetters),
    deadLetterLinesBefore,
    linesDelivered: delivered.split("\n").length - 1,
  };
}

function fold(file: string): void {
  const db = new DatabaseSync(file);
  for (const _through of foldJournal(db));
  db.close();
}

/** As if the rule had exceeded its budget once too often. */
async function suspend(file: string, rulesFolder: string, ruleId: string): Promise<void> {
  const { rules: loaded } = await loadContent({ rules: [rulesFolder], logTypes: [] });
  const rule = loaded.find(({ manifest }) => manifest.id === ruleId);
  if (rule === undefined) throw new Error(`There is no rule ${ruleId}.`);
  const store = openState(file);
  const book = new SuspensionBook({ store, limits: { ...defaultLimits, suspendAfter: 1 }, rules: loaded });
  book.record(rule, store.clockMs, "took longer than its budget");
  await store.commit({ clockMs: store.clockMs, positions: [], entries: book.takeWrites() });
  await store.close();
}

function keep(file: string, name: string): void {
  mkdirSync(target(name), { recursive: true });
  copyFileSync(file, join(target(name), "state.sqlite"));
}

function target(name: string): string {
  return join(import.meta.dirname, "../test/histories", name);
}

function version(): string {
  const text = readFileSync(new URL("../package.json", import.meta.url), "utf8");
  return (JSON.parse(text) as { version: string }).version;
}

const name = process.argv[2] ?? version();
if (existsSync(target(name)))
  throw new Error(`${target(name)} is there: what a version wrote never changes.`);
const folder = mkdtempSync(join(tmpdir(), "stakeout-history-"));
try {
  const history = await make(folder, name);
  writeFileSync(join(target(name), "history.json"), `${JSON.stringify(history, null, 1)}\n`);
} finally {
  rmSync(folder, { recursive: true });
}
