import { createAlertBook } from "../alerts/book.ts";
import { HourlyCounts, hourlyKinds } from "../alerts/hourly-counts.ts";
import { createOutbox } from "../alerts/outbox.ts";
import { createRuleErrorBook } from "../alerts/rule-errors.ts";
import { systemClock } from "../core/clock.ts";
import type { Problem } from "../core/errors.ts";
import { createCommittedFile } from "../destinations/committed-file.ts";
import { createConsoleDestination } from "../destinations/console/destination.ts";
import { defaultLimits } from "../core/limits.ts";
import type { LaneControl } from "../engine/control.ts";
import type { LaneResume } from "../engine/lane-messages.ts";
import type { LaneInput, LaneParts } from "../engine/lane.ts";
import { SuspensionBook } from "../engine/suspensions.ts";
import { loadLogTypes, type LogTypes } from "../parsers/log-types.ts";
import { createParser } from "../parsers/parser.ts";
import type { LoadedRule } from "../rules/runtime.ts";
import { createTypeScriptRuntime } from "../rules/typescript/runtime.ts";
import { createFileSource } from "../sources/files/source.ts";
import type { Source } from "../sources/source.ts";
import { createStreamSource } from "../sources/stdin/source.ts";
import { Evaluation } from "../state/evaluation.ts";
import { prepareBacktest } from "./backtest.ts";
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
}

/** Opens everything that a lane works with. Throws a `StakeoutError` where something cannot be opened. */
export async function buildLane(config: RunConfig, content: Content, host: LaneHost): Promise<LaneParts> {
  const { limits } = config;
  const inputs = createSources(config, host).map((source): LaneInput => ({
    source,
    parser: createParser({
      logTypes: content.logTypes,
      ...(config.logType === undefined ? {} : { logType: config.logType }),
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
  const destinations =
    config.console === undefined ? [] : [createConsoleDestination({ write: host.write, ...config.console })];
  return {
    inputs,
    rules: content.rules,
    store,
    evaluation: new Evaluation(store, limits, newKeys),
    newKeys,
    alertBook: createAlertBook({ store, limits }),
    ruleErrorBook: createRuleErrorBook({ store, limits }),
    suspensions: new SuspensionBook({ store, limits, rules: backtest?.rules ?? content.rules }),
    outbox: createOutbox({ store, destinations }),
    destinations,
    alertsFile: config.alertsFile === undefined ? undefined : createCommittedFile(config.alertsFile),
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

function createSources(config: RunConfig, host: LaneHost): readonly Source[] {
  const { format, envelopeField, limits } = config;
  const shape = { format, limits, ...(envelopeField === undefined ? {} : { envelopeField }) };
  const sources: Source[] = [];
  if (config.inputs.length > 0) {
    sources.push(createFileSource({ paths: config.inputs, label: "files", ...shape }));
  }
  if (config.stdin) {
    const { stdin: input, resume } = host;
    sources.push(createStreamSource({ input, label: "stdin", resume: resume?.stdin, ...shape }));
  }
  return sources;
}
