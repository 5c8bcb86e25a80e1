/** Of so many events one in this many is a record that cannot be read. */
const eventsPerBrokenRecord = 5000;
/** A rule prints `tick` at one event of so many, which tells from outside how far a run has come. */
export const eventsPerTick = 500;

export const tick = "tick\n";

export function brokenIn(eventCount: number): number {
  return Math.ceil((eventCount - 77) / eventsPerBrokenRecord);
}

/** Lines of CloudTrail events, most of them a second apart, some late, some broken. */
export function events(count: number): string {
  const lines = Array.from({ length: count }, (_, number) =>
    number % eventsPerBrokenRecord === 77 ? "{broken" : event(number),
  );
  return `${lines.join("\n")}\n`;
}

function event(number: number): string {
  const seconds = number % 61 === 0 ? Math.max(0, number - 900) : number;
  return JSON.stringify({
    eventVersion: "1.08",
    eventTime: new Date(Date.UTC(2026, 0, 1) + seconds * 1000).toISOString(),
    eventSource: "s3.amazonaws.com",
    eventName: "GetObject",
    userIdentity: { arn: `arn:aws:iam::123456789012:user/${number % 97}` },
    sourceIPAddress: `192.0.2.${(number * number) % 251}`,
    number,
  });
}

/** A key before and one after all others, whose counts are the same in every commit. */
export const countedKeys: { readonly first: string; readonly last: string } = { first: "!", last: "~" };

/** Rules with counters, sets and dictionaries, in which an event that is taken twice or not at all leaves its trace. */
export const rules: Readonly<Record<"counters" | "sets" | "dictionaries", string>> = {
  counters: `import { defineRule, evaluateThreshold, incrementCounter, resetCounter, setKeyExpiration } from "stakeout";
export default defineRule({
  id: "Test.Counters", logTypes: ["AWS.CloudTrail"], severity: "low", dedupPeriod: "30m",
  async rule(event) {
    if (event.number % ${eventsPerTick} === 0) console.log("tick");
    await incrementCounter("${countedKeys.first}");
    await incrementCounter("${countedKeys.last}");
    const key = "count/" + event.userIdentity.arn;
    const count = await incrementCounter(key);
    if (count === 1) await setKeyExpiration(key, { in: "3h" });
    if (count < 40) return evaluateThreshold("window/" + event.sourceIPAddress, 30, 3600);
    await resetCounter(key);
    return true;
  },
  title: (event) => event.userIdentity.arn,
});`,
  sets: `import { addToStringSet, defineRule, resetStringSet } from "stakeout";
export default defineRule({
  id: "Test.Sets", logTypes: ["AWS.CloudTrail"], severity: "high", dedupPeriod: "1h", threshold: 2,
  async rule(event) {
    const key = "addresses/" + event.userIdentity.arn;
    const addresses = await addToStringSet(key, event.sourceIPAddress, { in: "6h" });
    if (addresses.size < 25) return false;
    await resetStringSet(key);
    return true;
  },
  unique: (event) => event.sourceIPAddress,
});`,
  // As much state as it takes for the journal to be folded several times.
  dictionaries: `import { defineRule, getDictionary, putDictionary } from "stakeout";
export default defineRule({
  id: "Test.Dictionaries", logTypes: ["AWS.CloudTrail"], severity: "info", dedupPeriod: "15m",
  async rule(event) {
    const key = "bucket/" + (event.number * 7919) % 20000;
    const { seen = 0, sum = 0 } = await getDictionary(key);
    const next = { seen: seen + 1, sum: (sum * 31 + event.number) % 1000003, text: "text ".repeat(50) };
    await putDictionary(key, next);
    return next.sum % 400 === 0;
  },
  title: (event) => "sum at " + event.number,
});`,
};

/** The same by the names of their files. */
export const ruleFiles: Readonly<Record<string, string>> = {
  "counters.ts": rules.counters,
  "sets.ts": rules.sets,
  "dictionaries.ts": rules.dictionaries,
};
