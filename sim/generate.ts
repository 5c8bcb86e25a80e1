import { deadLetterReasons } from "../src/core/record.ts";
import { Chance } from "./chance.ts";
import {
  type BadContent,
  type EventContent,
  type Fault,
  type FaultKind,
  faultKinds,
  type Mischief,
  type Plan,
  type PlannedRecord,
  type Settings,
  startMs,
} from "./plan.ts";
import type { Action, PlannedLifetime, Program } from "./program.ts";

/** Asynchronous steps of a simulation that are not told otherwise. */
export const defaultSteps = 200;

/** Steps that one record takes, about, with the recoveries in between. */
const stepsPerRecord = 4;
/** Most faults that there are, one in so many steps. */
const stepsPerFault = 16;

/** The plan of a seed: about so many asynchronous steps, over which the faults are spread. */
export function generatePlan(seed: number, steps: number = defaultSteps): Plan {
  const rules = generateRules(new Chance(seed, "rules"));
  return {
    seed,
    settings: generateSettings(new Chance(seed, "settings")),
    rules,
    records: generateRecords(new Chance(seed, "records"), steps, rules),
    faults: generateFaults(new Chance(seed, "faults"), steps),
  };
}

function generateSettings(chance: Chance): Settings {
  // Most events are behind the wall clock, as in life; where it is close, it holds the engine clock back.
  const wallIsFar = chance.happens(0.7);
  return {
    chunkRecordsMax: chance.pick([1, 3, 9, 30]),
    latencyMs: chance.pick([0, 5, 40]),
    stepMs: chance.pick([0, 1, 20]),
    batchBytesMax: chance.pick([1, 4000, 1e9]),
    foldFromBytes: chance.pick([1, 300, 3000, 1e9]),
    cacheBytesMax: chance.pick([1, 2000, 1e6]),
    foldRate: chance.pick([0, 0.1, 0.5, 0.9]),
    storeWaits: chance.happens(0.25),
    rulesWait: chance.happens(0.3),
    wallLeadMs: wallIsFar ? 1e9 : chance.between(-20_000, 60_000),
    wallPaceMs: chance.pick([0, 500, 10_000]),
    earlierLines: chance.happens(0.2),
    limits: {
      journalBytesMax: chance.pick([1000, 1e9, 1e9]),
      setMembersMax: chance.pick([2, 4, 100]),
      setBytesMax: chance.pick([6, 20, 1000]),
      dictionaryBytesMax: chance.pick([12, 30, 1000]),
      operationsPerEvaluationMax: 16,
      alertEventsMax: chance.pick([1, 3, 10]),
      alertEventBytesMax: chance.pick([1, 700, 100_000]),
      recordBytesMax: 1000,
      nestingMax: 6,
    },
  };
}

function generateRules(chance: Chance): readonly Program[] {
  return Array.from({ length: chance.between(1, 4) }, (_, number) => generateRule(chance, number));
}

function generateRule(chance: Chance, number: number): Program {
  const actions = Array.from({ length: chance.between(1, 4) }, () => generateAction(chance));
  return {
    id: `Sim.Rule${number}`,
    // The operations behind a threshold are not the model's business, so such a rule does not go to their limit.
    actions: chance.happens(0.05) ? [{ helper: "loop", key: "user", amount: 20, lifetime: "none" }] : actions,
    match: { action: chance.below(actions.length), atLeast: chance.pick([0, 1, 1, 2, 3]) },
    catches: chance.happens(0.6),
    dedupPeriodMs: chance.pick([1, 5000, 60_000, 600_000]),
    threshold: chance.pick([1, 1, 1, 2, 3]),
    unique: chance.happens(0.25),
    createAlert: chance.happens(0.95),
    quiet: chance.happens(0.1),
    titleCounts: chance.happens(0.2),
  };
}

function generateAction(chance: Chance): Action {
  const helper = chance.pick<Action["helper"]>([
    "incrementCounter",
    "incrementCounter",
    "incrementCounter",
    "evaluateThreshold",
    "addToStringSet",
    "addToStringSet",
    "putDictionary",
    "getCounter",
    "getStringSet",
    "getDictionary",
    "resetCounter",
    "resetStringSet",
    "putStringSet",
    "removeFromStringSet",
    "setKeyExpiration",
    "setKeyExpiration",
  ]);
  return {
    helper,
    key: chance.happens(0.02) ? "empty" : chance.pick(["all", "user", "user", "rule"]),
    amount: generateAmount(chance, helper),
    lifetime: generateLifetime(chance),
  };
}

function generateAmount(chance: Chance, helper: Action["helper"]): number {
  if (helper === "incrementCounter") return chance.pick([1, 1, 1, 1, 2, -1, 2 ** 52]);
  return chance.pick([0, 1, 1, 1, 2, 3, 5]);
}

function generateLifetime(chance: Chance): PlannedLifetime {
  if (chance.happens(0.6)) return "none";
  if (chance.happens(0.1)) return "endless";
  // At or before the present moment: what follows in the same event finds nothing.
  if (chance.happens(0.2)) return { atS: chance.pick([-1, 0, 0, 10]) };
  return { inS: chance.pick([1, 5, 10, 60, 0.001]) };
}

function generateRecords(chance: Chance, steps: number, rules: readonly Program[]): readonly PlannedRecord[] {
  const count = chance.between(1, Math.max(1, Math.ceil(steps / stepsPerRecord)));
  const paceMs = chance.pick([0, 1000, 1000, 5000, 60_000]);
  const records: PlannedRecord[] = [];
  const stays = chance.pick([0.5, 0.9]);
  const crowd: Crowd = { rules, users: chance.pick([2, 2, 60]), mischief: chance.pick([0.02, 0.1, 0.4]) };
  let stream = 0;
  for (let n = 0; n < count; n++) {
    if (stream < 2 && !chance.happens(stays)) stream = 1 - stream;
    // The second source is read when the first is done.
    if (n * 4 > count * 3) stream = 2;
    const atMs = startMs + n * paceMs + chance.pick([0, 0, 0, 1000, 5000]);
    records.push({ stream, content: generateContent(chance, { n, atMs }, crowd) });
  }
  return records;
}

/** What the events of one plan have in common. */
interface Crowd {
  readonly rules: readonly Program[];
  /** Few users meet the same state again and again, many fill the store. */
  readonly users: number;
  /** Probability that an event makes a rule misbehave. */
  readonly mischief: number;
}

interface Moment {
  readonly n: number;
  readonly atMs: number;
}

function generateContent(
  chance: Chance,
  moment: Moment,
  crowd: Crowd,
): EventContent | BadContent | { readonly kind: "blank" } {
  if (chance.happens(0.05)) return { kind: "bad", reason: chance.pick(badReasons) };
  if (chance.happens(0.02)) return { kind: "blank" };
  return {
    kind: "event",
    n: moment.n,
    user: `user${chance.below(crowd.users)}`,
    value: chance.pick(["a", "b", "c", "d"]),
    atMs: generateTime(chance, moment.atMs),
    mischief: chance.happens(crowd.mischief) ? generateMischief(chance, crowd.rules) : undefined,
  };
}

/** Every reason that a record of this form can give; the others need log types for text or a compressed input. */
const badReasons = deadLetterReasons.filter(
  (reason) => reason !== "no-envelope" && reason !== "pattern-mismatch",
) as [BadContent["reason"], ...BadContent["reason"][]];

/** Usually as planned; late, missing, or far in the future. */
function generateTime(chance: Chance, atMs: number): number | undefined {
  if (chance.happens(0.05)) return undefined;
  if (chance.happens(0.1)) return atMs - chance.pick([1000, 5000, 600_000]);
  return chance.happens(0.03) ? atMs + chance.pick([60_000, 3_600_000, 86_400_000 * 365]) : atMs;
}

function generateMischief(chance: Chance, rules: readonly Program[]): Mischief {
  return {
    ruleId: `Sim.Rule${chance.below(rules.length)}`,
    what: chance.pick(["throw", "throw", "title", "forget", "hang", "hang", "end", "trap", "slow"]),
    after: chance.below(3),
  };
}

function generateFaults(chance: Chance, steps: number): readonly Fault[] {
  // Without any, a difference cannot be blamed on a recovery.
  const count = chance.happens(0.1) ? 0 : chance.between(1, Math.max(1, Math.floor(steps / stepsPerFault)));
  // A step has one fault: of two kills at the same moment one is enough.
  const byStep = new Map<number, Fault>();
  for (let made = 0; made < count; made++) {
    const step = chance.below(steps);
    const what = chance.pick<FaultKind>(["kill", "kill", "power", "power", "fail", "fail", ...faultKinds]);
    byStep.set(step, { step, what, when: chance.pick(["before", "during", "after"]) });
  }
  return [...byStep.values()].sort((left, right) => left.step - right.step);
}
