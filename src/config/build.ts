import { createAlertBook } from "../alerts/book.ts";
import { HourlyCounts, hourlyKinds } from "../alerts/hourly-counts.ts";
import { createOutbox } from "../alerts/outbox.ts";
import { createRuleErrorBook } from "../alerts/rule-errors.ts";
import { systemClock } from "../core/clock.ts";
import type { Problem } from "../core/errors.ts";
import { createCommittedFile } from "../destinations/committed-file.ts";
import { createConsoleDestination } from "../destinations/console/destination.ts";
import { defaultLimits } from "../core/limits.ts";
import { AlertOutputs } from "../engine/alert-outputs.ts";
import type { LaneControl } from "../engine/control.ts";
import type { LaneResume } from "../engine/lane-messages.ts";
import type { LaneInput } from "../engine/inputs.ts";
import type { LaneParts } from "../engine/lane-parts.ts";
import { Staging } from "../engine/staging.ts";
import { SuspensionBook } from "../engine/suspensions.ts";
import { loadLogTypes, type LogTypes } from "../parsers/log-types.ts";
import { createParser } from "../parsers/parser.ts";
import type { LoadedRule } from "../rules/runtime.ts";
import { createTypeScriptRuntime } from "../rules/typescript/runtime.ts";
import { createFileSource } from "../sources/files/source.ts";
import type { Source } from "../sources/source.ts";
import { createStreamSource } from "../sources/stdin/source.ts";
import { Evaluation } from "../state/evaluation.ts";
import type { StateStore } from "../state/store.ts";
import { prepareBacktest } from "./backtest.ts";
import { createServiceOutputs, createServiceSource, type LaneServiceHost } from "./build-service.ts";
import { cacheFolder, loadRules } from "./load-rules.ts";
import { openState } from "./open-state.ts";
import type { RunConfig } from "./run-config.ts";

/** Rules and log types, loaded and found valid or not. */
export interface Content {
  readonly rules: readonly LoadedRule[];
  readonly logTypes: LogTypes;
  /** Everything wrong in any file; nothing may run unless it is empty. */
  readonly problems: readonly Problem[];
  readonly warnings: readonly Problem[];
}

/**
 * Loads what detection engineers write: rules in every language and log types. Touches neither input nor state. `onFile`
 * hears of each file whose code is about to run.
 */
export async function loadContent(
  config: Pick<RunConfig, "rules" | "logTypes"> & Partial<Pick<RunConfig, "limits">>,
  onFile?: (file: string) => void,
): Promise<Content> {
  const { logTypes, problems: logTypeProblems } = loadLogTypes(config.logTypes);
  const loaded = await loadRules(config.rules, {
    cacheFolder: cacheFolder(),
    limits: config.limits ?? defaultLimits,
    loadTypeScript: async (paths) => createTypeScriptRuntime(onFile).load(paths),
  });
  return {
    rules: loaded.rules,
    logTypes,
    problems: [...logTypeProblems, ...loaded.problems],
    warnings: loaded.warnings,
  };
}

/** What the lane's surroundings lend it. */
export interface LaneHost {
  readonly control: LaneControl;
  readonly stdin: AsyncIterable<Buffer>;
  /** Prints; resolves when it is printed. */
  readonly write: (text: string) => Promise<void>;
  readonly warn: (message: string) => void;
  /** What earlier lanes of the same run left; left out for the first. */
  readonly resume?: LaneResume;
  readonly onCommit?: LaneParts["onCommit"];
  /** Only for a service. */
  readonly service?: LaneServiceHost;
}

/** Opens everything that a lane works with. Throws a `StakeoutError` where something cannot be opened. */
export async function buildLane(config: RunConfig, content: Content, host: LaneHost): Promise<LaneParts> {
  const { limits, service } = config;
  const inputs = createSources(config, host).map(({ source, logType }): LaneInput => ({
    source,
    parser: createParser({
      logTypes: content.logTypes,
      ...(logType === undefined ? {} : { logType }),
      limits,
      sourceLabel: source.label,
    }),
  }));
  // Before the state, so that a mistyped path makes no state file.
  for (const { source } of inputs) await source.find();
  const backtest =
    config.backtest && (await prepareBacktest(config.backtest, { ...host, rules: content.rules, limits }));
  const store = backtest?.store ?? openState(config.stateFile, { limits });
  const newKeys = new HourlyCounts({ store, kind: hourlyKinds.newKeys });
  return {
    inputs,
    inputOrder: service === undefined ? "one-by-one" : "together",
    rules: content.rules,
    store,
    evaluation: new Evaluation(store, limits, newKeys),
    newKeys,
    alertBook: createAlertBook({ store, limits }),
    ruleErrorBook: createRuleErrorBook({ store, limits }),
    suspensions: new SuspensionBook({ store, limits, rules: backtest?.rules ?? content.rules }),
    outputs: createOutputs(config, host, store),
    staging: new Staging(store, service?.staged),
    timesRules: service !== undefined,
    // Most runs have none, and an empty file would be read as a finding.
    deadLettersFile: createCommittedFile(config.deadLettersFile, { create: "when-needed" }),
    clock: systemClock,
    control: host.control,
    resume: host.resume,
    onCommit: host.onCommit,
    warn: host.warn,
    batch: config.batch,
    limits,
    ...backtest,
  };
}

/** A source, and the log type of all its events where that is known. */
interface BuiltSource {
  readonly source: Source;
  readonly logType: string | undefined;
}

function createSources(config: RunConfig, host: LaneHost): readonly BuiltSource[] {
  const { format, envelopeField, limits, logType, service } = config;
  if (service !== undefined && host.service !== undefined) {
    const lent = host.service;
    return service.sources.map((each) => ({
      source: createServiceSource(each, config, lent),
      logType: each.logType,
    }));
  }
  const shape = { format, limits, ...(envelopeField === undefined ? {} : { envelopeField }) };
  const sources: Source[] = [];
  if (config.inputs.length > 0) {
    sources.push(createFileSource({ paths: config.inputs, label: "files", ...shape }));
  }
  if (config.stdin) {
    const { stdin: input, resume } = host;
    sources.push(createStreamSource({ input, label: "stdin", resume: resume?.stdin, ...shape }));
  }
  return sources.map((source) => ({ source, logType }));
}

function createOutputs(config: RunConfig, host: LaneHost, store: StateStore): AlertOutputs {
  const { service, alertsFile, console } = config;
  if (service !== undefined && host.service !== undefined) {
    return createServiceOutputs(service, store, host.service);
  }
  const destinations =
    console === undefined ? [] : [createConsoleDestination({ write: host.write, ...console })];
  return new AlertOutputs({
    files: alertsFile === undefined ? [] : [{ name: "alerts", file: createCommittedFile(alertsFile) }],
    destinations,
    outbox: createOutbox({ store, destinations }),
    remote: undefined,
    routing: undefined,
    clock: systemClock,
  });
}
