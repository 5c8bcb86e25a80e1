import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate as turnEventLoop } from "node:timers/promises";

import { onTestFinished } from "vitest";

import type { RemoteDelivery } from "../../src/alerts/remote-outbox.ts";
import { openState } from "../../src/config/open-state.ts";
import { defaultBatch, type RunConfig } from "../../src/config/run-config.ts";
import type { JsonObject } from "../../src/core/json.ts";
import { defaultLimits } from "../../src/core/limits.ts";
import type { Counters } from "../../src/engine/control.ts";
import type { CommittedMessage, RuleInfo } from "../../src/engine/lane-messages.ts";
import { LaneHandle, type Standby } from "../../src/engine/supervisor.ts";
import { openSpool } from "../../src/sources/spool/open.ts";
import type { Spool } from "../../src/sources/spool/spool.ts";
import { manualClock } from "../../src/testing/manual-clock.ts";
import { entryOf } from "../sources/spool/fixtures.ts";
import { cloudTrail } from "./fixtures.ts";

const ruleBudgetMs = 500;

export interface Service {
  readonly folder: string;
  readonly lane: LaneHandle;
  readonly handed: readonly RemoteDelivery[];
  readonly committed: readonly CommittedMessage[];
  /** Rules as they were put to use, each time. */
  readonly loaded: readonly (readonly RuleInfo[])[];
  readonly warnings: readonly string[];
  readonly restarts: () => number;
  /** Writes a rule file; the function may use `event` and the state helpers. */
  readonly rule: (id: string, body: string, before?: string) => void;
  /** Stores events of these names, as requests do. */
  readonly give: (...names: readonly string[]) => Promise<void>;
  /** Gives an event and waits until so many are examined in all. */
  readonly examine: (count: number, ...names: readonly string[]) => Promise<Counters>;
  readonly prepare: () => ReturnType<LaneHandle["prepare"]>;
  readonly prepareValid: () => Promise<Standby>;
  /** Counters in the state file, when the lane has ended. */
  readonly state: () => Promise<Readonly<Record<string, number | undefined>>>;
}

const counts = `await incrementCounter("seen"); return false;`;

/** A lane in its thread over a spool, with one rule that counts; stopped when the test is over. */
export async function startService(): Promise<Service> {
  const folder = mkdtempSync(join(tmpdir(), "stakeout-swap-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const rule: Service["rule"] = (id, body, before = "") => {
    mkdirSync(join(folder, "rules"), { recursive: true });
    writeFileSync(
      join(folder, "rules", `${id}.ts`),
      `import { defineRule, incrementCounter } from "stakeout";
${before}
export default defineRule({ id: "${id}", logTypes: ["AWS.CloudTrail"], severity: "low", dedup: (event) => event.eventName,
  async rule(event) { ${body} } });`,
    );
  };
  rule("Counts", counts);
  let lane: LaneHandle | undefined;
  const spool = await openSpool({
    folder: join(folder, "spool"),
    sources: ["web"],
    backlogBytesMax: 1024 * 1024,
    idempotencyMs: 1000,
    clock: manualClock(),
    onAppended: (source) => lane?.tell({ type: "arrival", source }),
    warn: () => undefined,
  });
  onTestFinished(() => spool.close());
  const config = configOf(folder, spool);
  const [handed, committed, loaded, warnings] = [
    [] as RemoteDelivery[],
    [] as CommittedMessage[],
    [] as (readonly RuleInfo[])[],
    [] as string[],
  ];
  let restarts = 0;
  const ready = Promise.withResolvers<void>();
  const started = new LaneHandle({
    threadUrl: new URL("../../src/config/lane-thread.ts", import.meta.url),
    config,
    limits: { ...defaultLimits, ruleBudgetMs },
    keepsState: true,
    onOutput: () => Promise.resolve(),
    onWarning: (message) => warnings.push(message),
    onStuck: (message) => warnings.push(message),
    onRulePrint: () => undefined,
    onReady: ready.resolve,
    onLoaded: (rules) => loaded.push(rules),
    onDeliver: (deliveries) => handed.push(...deliveries),
    onCommitted: (message) => committed.push(message),
    onRestart: () => (restarts += 1),
  });
  lane = started;
  onTestFinished(async () => {
    started.stop();
    await started.outcome.catch(() => undefined);
  });
  await ready.promise;
  const give: Service["give"] = async (...names) => {
    const records = names.map((eventName) => cloudTrail(0, { eventName }));
    await spool.append(entryOf(records, { source: "web" }));
  };
  const prepare = (): ReturnType<LaneHandle["prepare"]> => started.prepare(config);
  return {
    folder,
    lane: started,
    handed,
    committed,
    loaded,
    warnings,
    restarts: () => restarts,
    rule,
    give,
    examine: async (count, ...names) => {
      await give(...names);
      await until(() => committed.at(-1)?.totals.events === count);
      return started.control.read();
    },
    prepare,
    prepareValid: async () => {
      const prepared = await prepare();
      if (prepared.kind !== "standby") throw new Error(JSON.stringify(prepared.problems));
      return prepared.standby;
    },
    state: async () => {
      const store = openState(join(folder, "state.db"), { readOnly: true });
      const items = await store.listItems({ limit: 100, nowMs: 0 });
      await store.close();
      return Object.fromEntries(items.map(({ key, count }) => [key, count]));
    },
  };
}

function configOf(folder: string, spool: Spool): JsonObject {
  const config: RunConfig = {
    rules: [join(folder, "rules")],
    inputs: [],
    stdin: false,
    format: "auto",
    envelopeField: undefined,
    logType: undefined,
    logTypes: [],
    stateFile: join(folder, "state.db"),
    alertsFile: undefined,
    deadLettersFile: join(folder, "dead-letters.jsonl"),
    console: undefined,
    limits: { ...defaultLimits, ruleBudgetMs },
    batch: { ...defaultBatch, latencyMs: 1 },
    service: {
      sources: [
        {
          kind: "spool",
          name: "web",
          logType: undefined,
          format: "auto",
          envelopeField: undefined,
          link: spool.link("web"),
        },
      ],
      spoolFolder: join(folder, "spool"),
      destinations: [{ name: "remote", path: undefined, route: { enabled: true, closed: false } }],
      staged: [],
    },
  };
  return config as unknown as JsonObject;
}

/** Lets things happen until something is so. */
export async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await turnEventLoop();
}
