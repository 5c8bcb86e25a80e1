import { extname } from "node:path";

import { defaultBatch, type RunConfig } from "../config/run-config.ts";
import { systemClock } from "../core/clock.ts";
import { StakeoutError } from "../core/errors.ts";
import type { JsonObject } from "../core/json.ts";
import { defaultLimits, type Limits } from "../core/limits.ts";
import { LaneHandle, type LaneOutcome } from "../engine/supervisor.ts";
import { isClosedPipe, showsColor } from "./io.ts";
import { renderProblems } from "./problems.ts";
import { Progress } from "./progress.ts";
import { endStuckProcess } from "./stuck.ts";
import { createSummary, renderSummary, type RunSummary } from "./summary.ts";

export interface RunOptions {
  readonly rules: readonly string[];
  readonly input: readonly string[];
  readonly logType?: string;
  readonly logTypesDir: readonly string[];
  readonly format: RunConfig["format"];
  readonly envelope?: string;
  readonly state: string;
  readonly alerts?: string;
  readonly deadLetters?: string;
  readonly json: boolean;
  readonly strict: boolean;
  readonly quiet: boolean;
  /** How long a rule may take over one event, in milliseconds. */
  readonly ruleBudget: number;
  /** Limits that differ from the defaults. */
  readonly limit?: Partial<Limits>;
}

/** Processes events until the input ends. Answers the exit status: 0 done, 1 rule errors with `--strict`, 2 invalid rules. */
export async function runCommand(options: RunOptions): Promise<number> {
  const config = createConfig(options);
  const startedMs = systemClock.monotonicMs();
  const screen = new RunScreen(options);
  const lane = new LaneHandle({
    threadUrl: new URL(`../config/lane-thread${extname(import.meta.filename)}`, import.meta.url),
    config: config as unknown as JsonObject,
    limits: config.limits,
    keepsState: config.stateFile !== ":memory:",
    ...(config.stdin ? { stdin: process.stdin } : {}),
    onOutput: (text) => screen.print(text),
    onWarning: (message) => screen.note(`stakeout: warning: ${message}\n`),
    onStuck: endStuckProcess,
    onRulePrint: (text) => screen.note(text),
  });
  screen.start(lane);
  const release = stopOnSignals([lane], (notice) => screen.note(notice));
  let outcome: LaneOutcome;
  try {
    outcome = await lane.outcome;
  } catch (error) {
    // The alerts that found no reader wait in the state for the next run.
    if (screen.readerGone) return 0;
    throw error;
  } finally {
    release();
    screen.stop();
    if (config.stdin) process.stdin.destroy();
  }
  if (outcome.kind === "invalid") {
    process.stderr.write(renderProblems(outcome.problems));
    return 2;
  }
  const seconds = (systemClock.monotonicMs() - startedMs) / 1000;
  const summary = createSummary(lane.control.read(), outcome.result, seconds);
  screen.summarise(summary, config);
  return options.strict && summary.ruleErrors > 0 ? 1 : 0;
}

function createConfig(options: RunOptions): RunConfig {
  const files = options.input.filter((path) => path !== "-");
  const stdin = options.input.includes("-") || (options.input.length === 0 && !process.stdin.isTTY);
  if (files.length === 0 && !stdin) {
    throw new StakeoutError(
      "USAGE",
      "There is nothing to read: name files or folders with --input, or pipe events into standard input.",
    );
  }
  return {
    rules: options.rules,
    inputs: files,
    stdin,
    format: options.format,
    envelopeField: options.envelope,
    logType: options.logType,
    logTypes: options.logTypesDir,
    stateFile: options.state,
    alertsFile: options.alerts,
    deadLettersFile: options.deadLetters ?? deadLettersBeside(options.state),
    console: consoleConfig(options),
    limits: { ...defaultLimits, ruleBudgetMs: options.ruleBudget, ...options.limit },
    batch: defaultBatch,
  };
}

/** Dead letters are kept without being asked for: a record that is lost silently is worse than a file nobody wanted. */
function deadLettersBeside(stateFile: string): string {
  const base = stateFile === ":memory:" ? "stakeout" : stateFile.replace(/\.(?:db|sqlite)$/, "");
  return `${base}.dead-letters.jsonl`;
}

function consoleConfig(options: RunOptions): RunConfig["console"] {
  if (options.alerts !== undefined) return undefined;
  const { stdout } = process;
  return {
    format: options.json || !stdout.isTTY ? "json" : "text",
    color: showsColor(stdout),
    // A terminal that does not know its size says 0.
    width: stdout.isTTY && stdout.columns > 0 ? stdout.columns : 80,
  };
}

/** Everything a run shows: alerts on standard output; progress, notes and the summary on standard error. */
class RunScreen {
  readonly #options: RunOptions;
  #progress: Progress | undefined;
  /** Whoever read standard output has gone (`| head`). */
  readerGone = false;

  constructor(options: RunOptions) {
    this.#options = options;
  }

  start(lane: LaneHandle): void {
    const { json, quiet } = this.#options;
    if (json || quiet || !process.stderr.isTTY) return;
    this.#progress = new Progress({
      stream: process.stderr,
      clock: systemClock,
      read: () => lane.control.read(),
    });
  }

  /** Prints alerts. When the reader of a pipe has gone there is nobody left to print for, and the run ends quietly. */
  print(text: string): Promise<void> {
    if (process.stdout.isTTY) this.#progress?.clear();
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    process.stdout.write(text, (error) => {
      if (error === null || error === undefined) return resolve();
      this.readerGone ||= isClosedPipe(error);
      reject(error);
    });
    return promise;
  }

  note(text: string): void {
    this.#progress?.clear();
    process.stderr.write(text);
  }

  stop(): void {
    this.#progress?.stop();
  }

  summarise(summary: RunSummary, config: RunConfig): void {
    if (this.#options.json) {
      process.stderr.write(`${JSON.stringify(summary)}\n`);
    } else if (!this.#options.quiet) {
      const color = showsColor(process.stderr);
      const { stateFile, deadLettersFile } = config;
      process.stderr.write(renderSummary(summary, { color, stateFile, deadLettersFile }));
    }
  }
}

/** First signal: commit and stop. Second: stop at once; the next run repeats what was not committed. */
export function stopOnSignals(lanes: readonly LaneHandle[], tell: (notice: string) => void): () => void {
  const signals = { SIGINT: 130, SIGTERM: 143 } as const;
  const handlers = Object.entries(signals).map(([signal, status]) => {
    const handler = (): void => {
      if (lanes.some((lane) => lane.control.stopRequested)) process.exit(status);
      for (const lane of lanes) lane.stop();
      tell("stakeout: stopping after the event under way; press Ctrl-C again to stop at once\n");
    };
    process.on(signal, handler);
    return (): void => void process.off(signal, handler);
  });
  return () => {
    for (const remove of handlers) remove();
  };
}
