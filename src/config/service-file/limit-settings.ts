import type { z } from "zod";

import { defaultLimits, type Limits } from "../../core/limits.ts";
import { formatBytes } from "./bytes.ts";
import { duration, durationText, settings, size, whole } from "./values.ts";

const descriptions: Readonly<Record<keyof Limits, string>> = {
  recordBytesMax: "Bytes of one record, decompressed.",
  nestingMax: "Levels of objects and arrays in an event.",
  keyBytesMax: "Bytes of a state key.",
  setMembersMax: "Members of one string set.",
  setMemberBytesMax: "Bytes of one member of a string set.",
  setBytesMax: "Bytes of all members of one string set together.",
  dictionaryBytesMax: "Bytes of one dictionary as JSON.",
  operationsPerEvaluationMax: "State operations of one rule on one event.",
  newKeysPerHourMax: "State keys that one rule makes in one hour.",
  journalBytesMax: "Bytes of the state file's journal.",
  alertsPerHourMax: "Alerts that one rule raises in one hour; what is more becomes one alert.",
  alertEventsMax: "Events that are kept with an alert.",
  alertEventBytesMax: "Bytes of the events kept with an alert.",
  uniqueExactMax: "Distinct values of `unique` that are counted exactly.",
  outboxDeliveriesMax: "Deliveries that may wait for a commit.",
  deadLettersFileBytesMax: "Bytes of the file of dead letters.",
  printBytesMax: "Bytes that rules print about one event.",
  pythonMemoryBytesMax: "Bytes of memory of all Python rules together.",
  laneHeapBytesMax: "Bytes of JavaScript objects in the lane.",
  ruleBudgetMs: "How long one rule may take over one event.",
  suspendAfter: "Times a rule may exceed its budget before it is suspended.",
  suspendWindowMs: "In which these times are counted.",
  stdinKeptBytesMax: "Bytes of standard input that are kept; without effect here.",
};

/** `limits`: any of docs/LIMITS.md, the rest by default. */
export function limitSettings(): z.ZodType<Limits> {
  const names = Object.keys(defaultLimits) as (keyof Limits)[];
  return settings(
    Object.fromEntries(
      names.map((name) => [
        name,
        limit(name).prefault(limitText(name, defaultLimits[name])).describe(descriptions[name]),
      ]),
    ),
  ) as z.ZodType as z.ZodType<Limits>;
}

function limit(name: keyof Limits): z.ZodType<number> {
  if (name.endsWith("Ms")) return duration({ min: 1, max: 30 * 86_400_000 });
  if (name.endsWith("BytesMax")) return size({ min: 1, max: 1024 ** 4 });
  return whole({ min: 1, max: 1_000_000_000 });
}

/** A limit's value as it is written in the file. */
export function limitText(name: keyof Limits, value: number): string | number {
  if (name.endsWith("Ms")) return durationText(value);
  return name.endsWith("BytesMax") ? formatBytes(value) : value;
}
