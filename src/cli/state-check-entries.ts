import { z } from "zod";

import { hourlyKinds } from "../alerts/hourly-counts.ts";
import { entryKinds, eventKey } from "../alerts/window.ts";
import { messageOf } from "../core/errors.ts";
import { severities } from "../core/severity.ts";
import { fromStored } from "../sources/files/file-position.ts";
import type { CheckedEntries, OwnerChecks, StateProblem } from "../state/sqlite/check.ts";
import type { Entry } from "../state/store.ts";

const timeMs = z.number();
const count = z.int().min(0);
const position = z.looseObject({ source: z.string(), stream: z.string(), offset: count });

const windowCounts = {
  matchCount: count,
  uniqueCount: count.nullable(),
  uniqueEstimated: z.boolean(),
  firstEventMs: timeMs,
  lastEventMs: timeMs,
  eventsKept: count,
};

const hourlyCount = z.looseObject({ ruleId: z.string(), hourStartMs: timeMs, count });

/** What the engine relies on in the entries of each kind. Their owners may keep more in them. */
const schemas = {
  [entryKinds.window]: z.looseObject({
    ruleId: z.string(),
    dedup: z.string(),
    startMs: timeMs,
    endMs: timeMs,
    threshold: count,
    ...windowCounts,
    eventBytes: count,
    eventsFull: z.boolean(),
    raised: z.boolean(),
  }),
  [entryKinds.unique]: z.looseObject({
    exactMax: count,
    estimated: z.boolean(),
    hashes: z.array(count),
  }),
  [entryKinds.alert]: z.looseObject({
    id: z.string(),
    ruleId: z.string(),
    title: z.string(),
    severity: z.enum(severities),
    dedup: z.string(),
    windowStartMs: timeMs,
    windowEndMs: timeMs,
    createdMs: timeMs,
    context: z.looseObject({}),
    position,
    final: z.looseObject(windowCounts).nullable(),
  }),
  [entryKinds.alertId]: z.looseObject({ key: z.string() }),
  [entryKinds.event]: z.looseObject({}),
  outbox: z.looseObject({
    destination: z.string(),
    alert: z.looseObject({ id: z.string(), status: z.enum(["open", "closed"]) }),
  }),
  [hourlyKinds.alerts]: hourlyCount,
  [hourlyKinds.newKeys]: hourlyCount,
  "output-file": z.looseObject({ bytes: count }),
  "rule-error": z.looseObject({
    ruleId: z.string(),
    function: z.string(),
    type: z.string(),
    timeMs,
    message: z.string(),
    stack: z.string(),
    position,
    event: z.looseObject({}).nullable(),
  }),
  "rule-error-latest": z.looseObject({ ruleId: z.string(), count, timeMs, message: z.string(), position }),
  "rule-suspension": z.looseObject({
    ruleId: z.string(),
    contentHash: z.string(),
    failuresMs: z.array(timeMs),
    suspendedAtMs: timeMs.nullable(),
    reason: z.string(),
  }),
} satisfies Readonly<Record<string, z.ZodType>>;

type Kind = keyof typeof schemas;

/** The kinds of entries that the check knows; those of others are only asked to be JSON objects. */
export const checkedKinds: readonly string[] = Object.keys(schemas);

/** What the modules whose values a state file keeps expect of them, each and in relation to each other. */
export const ownerChecks: OwnerChecks = {
  position({ source, stream, value }) {
    if (source !== "files") return undefined;
    try {
      fromStored(stream, value);
      return undefined;
    } catch (error) {
      return messageOf(error);
    }
  },
  *entries(entries) {
    for (const entry of entries.all()) {
      const message = formProblem(entry) ?? relationProblem(entry, entries);
      if (message !== undefined) yield problemOf(entry, message);
    }
  },
};

function problemOf({ kind, key }: Entry, message: string): StateProblem {
  return { where: `entry ${kind} ${key}`, message };
}

function formProblem({ kind, value }: Entry): string | undefined {
  const schema = Object.hasOwn(schemas, kind) ? schemas[kind as Kind] : undefined;
  const issue = schema?.safeParse(value).error?.issues[0];
  return (
    issue && `is not what its kind should be: ${issue.message} at ${JSON.stringify(issue.path.join("."))}`
  );
}

/** What is wrong between an entry, whose form is right, and others that belong to it. */
function relationProblem(entry: Entry, entries: CheckedEntries): string | undefined {
  return relations[entry.kind]?.(entry, entries);
}

const relations: Readonly<Record<string, (entry: Entry, entries: CheckedEntries) => string | undefined>> = {
  [entryKinds.window]: ({ key, value }, entries) => {
    const { startMs, endMs, raised, uniqueCount, eventsKept } = value as unknown as WindowFields;
    if (Number(key.slice(0, 16)) !== startMs) return "starts at another time than its key says";
    if (startMs > entries.clockMs) return "starts after the engine clock of the last commit";
    if (endMs <= startMs) return "ends before it starts";
    if (raised !== (entries.read(entryKinds.alert, key) !== undefined)) {
      return raised ? "has raised an alert, which is missing" : "has an alert without having raised one";
    }
    if ((uniqueCount !== null) !== (entries.read(entryKinds.unique, key) !== undefined)) {
      return "does not fit its distinct values: the one is there without the other";
    }
    return missingEvents(key, eventsKept, entries);
  },
  [entryKinds.unique]: ({ key }, entries) =>
    entries.read(entryKinds.window, key) === undefined ? "belongs to a window that is missing" : undefined,
  [entryKinds.alert]: ({ key, value }, entries) => {
    const { id, final, createdMs } = value as unknown as AlertFields;
    if (createdMs > entries.clockMs) return "was raised after the engine clock of the last commit";
    if (entries.read(entryKinds.alertId, id)?.["key"] !== key) return `cannot be found by its id ${id}`;
    const hasWindow = entries.read(entryKinds.window, key) !== undefined;
    if ((final === null) !== hasWindow) {
      return hasWindow ? "is closed, and its window is open" : "is open, and its window is missing";
    }
    return final === null ? undefined : missingEvents(key, final.eventsKept, entries);
  },
  [entryKinds.alertId]: ({ key, value }, entries) =>
    entries.read(entryKinds.alert, value["key"] as string)?.["id"] === key
      ? undefined
      : "stands for an alert that is missing",
  [entryKinds.event]: ({ key }, entries) => {
    const owner = key.slice(0, -7);
    const final = entries.read(entryKinds.alert, owner)?.["final"] as AlertFields["final"] | undefined;
    const kept = entries.read(entryKinds.window, owner)?.["eventsKept"] ?? final?.eventsKept ?? 0;
    return Number(key.slice(-6)) < Number(kept) ? undefined : "belongs to no window and to no alert";
  },
  outbox: ({ key }) =>
    /^[0-9a-f]{16}-\d{16}$/.test(key) ? undefined : "has a key that is no place in a queue",
  "rule-error": ({ key }, entries) =>
    entries.read("rule-error-latest", key) === undefined ? "has no count" : undefined,
  "rule-error-latest": ({ key }, entries) =>
    entries.read("rule-error", key) === undefined ? "counts errors of which the first is missing" : undefined,
};

interface WindowFields {
  readonly startMs: number;
  readonly endMs: number;
  readonly raised: boolean;
  readonly uniqueCount: number | null;
  readonly eventsKept: number;
}

interface AlertFields {
  readonly id: string;
  readonly createdMs: number;
  readonly final: { readonly eventsKept: number } | null;
}

function missingEvents(key: string, eventsKept: number, entries: CheckedEntries): string | undefined {
  for (let index = 0; index < eventsKept; index++) {
    if (entries.read(entryKinds.event, eventKey(key, index)) === undefined) {
      return `keeps ${eventsKept} events, of which the one with the number ${index} is missing`;
    }
  }
  return undefined;
}
