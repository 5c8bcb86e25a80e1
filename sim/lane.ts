import { createAlertBook } from "../src/alerts/book.ts";
import { createOutbox, type Outbox, type OutboxOptions } from "../src/alerts/outbox.ts";
import { createRuleErrorBook } from "../src/alerts/rule-errors.ts";
import { defaultLimits, type Limits } from "../src/core/limits.ts";
import { createCommittedFile } from "../src/destinations/committed-file.ts";
import { AlertOutputs } from "../src/engine/alert-outputs.ts";
import type { LaneControl } from "../src/engine/control.ts";
import type { LaneInput } from "../src/engine/inputs.ts";
import type { LaneParts } from "../src/engine/lane-parts.ts";
import { Lane } from "../src/engine/lane.ts";
import { SuspensionBook } from "../src/engine/suspensions.ts";
import { loadLogTypes } from "../src/parsers/log-types.ts";
import { createParser } from "../src/parsers/parser.ts";
import { Evaluation } from "../src/state/evaluation.ts";
import { foldJournal } from "../src/state/sqlite/fold.ts";
import type { StateStore } from "../src/state/store.ts";
import type { Life, Machine } from "./machine/machine.ts";
import type { OutputDisk } from "./machine/output-disk.ts";
import { createSimDestination, type Received } from "./machine/sim-destination.ts";
import type { Fold } from "./machine/sim-folder.ts";
import { createSimRules, type SimRulesOptions } from "./machine/sim-rules.ts";
import { SimSource } from "./machine/sim-source.ts";
import type { Plan } from "./plan.ts";
import { type PlacedRecord, sources } from "./record-bytes.ts";

/** The parts of the engine that a planted bug may replace. */
export interface EngineParts {
  readonly fold: Fold;
  readonly wrapStore: (store: StateStore) => StateStore;
  readonly createOutbox: (options: OutboxOptions & { readonly store: StateStore }) => Outbox;
}

/** The engine as it is. */
export const engineParts: EngineParts = {
  fold: foldJournal,
  wrapStore: (store) => store,
  createOutbox,
};

const { logTypes } = loadLogTypes([]);

export interface SimLaneOptions {
  readonly plan: Plan;
  readonly records: readonly PlacedRecord[];
  readonly parts: EngineParts;
  readonly machine: Machine;
  readonly life: Life;
  readonly lifeNumber: number;
  readonly store: StateStore;
  readonly control: LaneControl;
  readonly output: OutputDisk;
  readonly alertsPath: string;
  readonly deadLettersPath: string;
  readonly received: ReadonlyMap<string, Received[]>;
  readonly onEvent: SimRulesOptions["onEvent"];
  readonly resume: LaneParts["resume"];
  readonly onCommit: LaneParts["onCommit"];
}

/** A plan's limits among those of the engine. */
export function limitsOf({ settings }: Plan): Limits {
  return { ...defaultLimits, ...settings.limits };
}

/** The real lane with everything around it simulated. */
export function createSimLane(options: SimLaneOptions): Lane {
  const { plan, parts, machine, life, lifeNumber, store, control, output, received } = options;
  const limits = limitsOf(plan);
  const rules = createSimRules({
    programs: plan.rules,
    life,
    control,
    wait: plan.settings.rulesWait,
    onEvent: options.onEvent,
  });
  const destinations = [...received].map(([name, deliveries]) =>
    createSimDestination({ name, life, machine, lifeNumber, received: deliveries }),
  );
  const opener = output.opener(life);
  return new Lane({
    inputs: createInputs(options),
    rules,
    store,
    evaluation: new Evaluation(store, limits),
    alertBook: createAlertBook({ store, limits }),
    ruleErrorBook: createRuleErrorBook({ store, limits }),
    suspensions: new SuspensionBook({ store, limits, rules }),
    outputs: new AlertOutputs({
      files: [{ name: "alerts", file: createCommittedFile(options.alertsPath, { opener }) }],
      destinations,
      outbox: parts.createOutbox({ store, destinations }),
      remote: undefined,
      routing: undefined,
      clock: machine.clock,
    }),
    deadLettersFile: createCommittedFile(options.deadLettersPath, { opener, create: "when-needed" }),
    clock: machine.clock,
    control,
    warn: () => undefined,
    batch: { latencyMs: plan.settings.latencyMs, bytesMax: plan.settings.batchBytesMax },
    resume: options.resume,
    onCommit: options.onCommit,
  });
}

function createInputs({ plan, records, machine, life }: SimLaneOptions): readonly LaneInput[] {
  let earlier = 0;
  return sources.map(({ id, streams }) => {
    const own = records.filter(({ stream }) => (streams as readonly number[]).includes(stream));
    const before = earlier;
    earlier += own.length;
    const source = new SimSource({
      id,
      streams,
      records: own,
      chunkRecordsMax: plan.settings.chunkRecordsMax,
      machine,
      life,
      onHandedOut: (count) => machine.clock.moveTo(before + count),
    });
    return { source, parser: createParser({ logTypes, limits: limitsOf(plan), sourceLabel: id }) };
  });
}
