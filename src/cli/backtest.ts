import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { resolveBaseline } from "../config/backtest-baseline.ts";
import { copyStateFile } from "../config/backtest-state.ts";
import { defaultBatch, type RunConfig } from "../config/run-config.ts";
import { StakeoutError, type ErrorCode } from "../core/errors.ts";
import { defaultLimits } from "../core/limits.ts";
import type { LaneHandle } from "../engine/supervisor.ts";
import { compareAlerts } from "./backtest/compare.ts";
import { htmlPieces } from "./backtest/html.ts";
import { jsonPieces } from "./backtest/json.ts";
import type { BacktestResult } from "./backtest/result.ts";
import { renderResult, renderTotals } from "./backtest/text.ts";
import { runVersions, sumCounters, type Version, type VersionResult } from "./backtest/versions.ts";
import { writeText, type CommandIo } from "./io.ts";
import { renderProblems } from "./problems.ts";
import { Progress } from "./progress.ts";
import { checkReplaceable, replaceFile } from "./replace-file.ts";
import { stopOnSignals } from "./run.ts";

export interface BacktestOptions {
  readonly rules: readonly string[];
  readonly input: readonly string[];
  readonly logType?: string;
  readonly logTypesDir: readonly string[];
  readonly format: RunConfig["format"];
  readonly envelope?: string;
  /** In milliseconds, included. */
  readonly from?: number;
  /** In milliseconds, not included. */
  readonly to?: number;
  readonly rule?: readonly string[];
  readonly baseline?: string;
  readonly stateFrom?: string;
  readonly html?: string;
  readonly json: boolean;
  readonly strict: boolean;
}

/**
 * Replays files through rules with state and shows the alerts. Changes nothing but the page of `--html`. Answers 0, 1 for
 * rule errors with `--strict`, 2 for invalid rules; throws `USAGE` also for input or state that is not there.
 */
export async function backtestCommand(options: BacktestOptions, io: CommandIo): Promise<number> {
  checkOptions(options);
  if (options.html !== undefined) await checkReplaceable(options.html);
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "stakeout-backtest-")));
  const removeFolder = (): void => rmSync(folder, { recursive: true, force: true });
  // A second Ctrl-C ends the process without coming back here.
  process.once("exit", removeFolder);
  try {
    return await runBacktest(options, folder, io);
  } catch (error) {
    throw asUsage(error);
  } finally {
    process.off("exit", removeFolder);
    removeFolder();
  }
}

function checkOptions({ input, from, to }: BacktestOptions): void {
  if (input.includes("-")) {
    throw new StakeoutError(
      "USAGE",
      "A backtest reads files, so that it can be repeated: write standard input to a file first.",
    );
  }
  if (from !== undefined && to !== undefined && from >= to) {
    throw new StakeoutError(
      "USAGE",
      `--from ${new Date(from).toISOString()} must be before --to ${new Date(to).toISOString()}.`,
    );
  }
}

const missingCodes: ReadonlySet<ErrorCode> = new Set(["INPUT_NOT_FOUND", "STATE_FILE_NOT_FOUND"]);

/** What is not there was named wrongly: nothing has been read yet, and the command must be written otherwise. */
function asUsage(error: unknown): unknown {
  if (!(error instanceof StakeoutError) || !missingCodes.has(error.code)) return error;
  return new StakeoutError("USAGE", error.message, { cause: error, fields: error.fields });
}

async function runBacktest(options: BacktestOptions, folder: string, io: CommandIo): Promise<number> {
  const versions = await createVersions(options, folder, io);
  const outcome = await withScreen(io, options.json, (host) => runVersions(versions, host));
  if (outcome.kind === "invalid") {
    const { version, problems } = outcome;
    const shown = problems.map(({ file, line, message }) => {
      return { file: version.rename(file), line, message: version.rename(message) };
    });
    if (version.name !== "") io.stderr.write(`stakeout: the rules of ${version.name} have problems:\n`);
    io.stderr.write(renderProblems(shown));
    return 2;
  }
  const [current, baseline] = outcome.results;
  if (current === undefined) throw new RangeError("No version was run.");
  const result = createResult(options, current, baseline);
  await show(result, options, io);
  return options.strict && result.summary.ruleErrors > 0 ? 1 : 0;
}

/** The current version and, where one was asked for, the baseline. */
async function createVersions(
  options: BacktestOptions,
  folder: string,
  { clock }: CommandIo,
): Promise<readonly Version[]> {
  const { baseline, rules } = options;
  let stateFrom: string | undefined;
  if (options.stateFrom !== undefined) {
    // Both versions start from the same commit, whatever a run adds meanwhile.
    stateFrom = join(folder, "state.db");
    await copyStateFile(options.stateFrom, stateFrom);
  }
  const config = createConfig(options, stateFrom, clock.nowMs());
  const current: Version = { config, name: "", rename: (text) => text };
  if (baseline === undefined) return [current];
  const extracted = join(folder, "rules");
  const baselineRules = await resolveBaseline({ baseline, rules, folder: extracted });
  const backtest = config.backtest && { ...config.backtest, onlyKnownRules: false };
  return [
    current,
    {
      config: { ...config, rules: baselineRules, ...(backtest === undefined ? {} : { backtest }) },
      name: `baseline ${baseline}`,
      rename: (text) => renameExtracted(text, extracted, baseline),
    },
  ];
}

/** An extracted file is nowhere that a user could look: its name is that at the commit, as git writes it. */
function renameExtracted(text: string, folder: string, commit: string): string {
  const [start = "", ...rest] = text.split(`${folder}/`);
  return start + rest.map((part) => part.replace(/^\d+\//, `${commit}:`)).join("");
}

function createConfig(options: BacktestOptions, stateFrom: string | undefined, wallMs: number): RunConfig {
  return {
    rules: options.rules,
    inputs: options.input,
    stdin: false,
    format: options.format,
    envelopeField: options.envelope,
    logType: options.logType,
    logTypes: options.logTypesDir,
    stateFile: ":memory:",
    alertsFile: undefined,
    deadLettersFile: "",
    console: undefined,
    limits: defaultLimits,
    batch: defaultBatch,
    backtest: {
      fromMs: options.from,
      toMs: options.to,
      onlyRules: options.rule ?? [],
      onlyKnownRules: true,
      stateFrom,
      wallMs,
    },
  };
}

/** Runs lanes with a progress bar where there is a terminal, and with Ctrl-C asking them to stop. */
async function withScreen<T>(
  { stderr, clock }: CommandIo,
  json: boolean,
  run: (host: Parameters<typeof runVersions>[1]) => Promise<T>,
): Promise<T> {
  let progress: Progress | undefined;
  const note = (text: string): void => {
    progress?.clear();
    stderr.write(text);
  };
  const started = (lanes: readonly LaneHandle[]): (() => void) => {
    const release = stopOnSignals(lanes, note);
    if (!json && stderr.isTTY === true) {
      // A screen that is a terminal is a stream of this process.
      const stream = stderr as NodeJS.WriteStream;
      progress = new Progress({ stream, clock, read: () => sumCounters(lanes) });
    }
    return () => {
      release();
      progress?.stop();
    };
  };
  return run({ started, note, monotonicMs: () => clock.monotonicMs() });
}

function createResult(
  { from, to, baseline: name }: BacktestOptions,
  current: VersionResult,
  baseline: VersionResult | undefined,
): BacktestResult {
  const result = { ...current, fromMs: from, toMs: to };
  if (baseline === undefined || name === undefined) return { ...result, baseline: undefined };
  const partial = current.summary.interrupted || baseline.summary.interrupted;
  const untilMs = Math.min(current.findings.clockMs, baseline.findings.clockMs);
  const comparison = compareAlerts(
    baseline.findings.alerts,
    current.findings.alerts,
    partial ? untilMs : undefined,
  );
  return { ...result, baseline: { name, ...baseline, comparison } };
}

async function show(result: BacktestResult, { json, html }: BacktestOptions, io: CommandIo): Promise<void> {
  if (html !== undefined) await replaceFile(html, larger(htmlPieces(result)));
  if (json) for (const piece of larger(jsonPieces(result))) await writeText(io.stdout, piece);
  else await writeText(io.stdout, renderResult(result, io.stdout));
  if (json) return;
  io.stderr.write(renderTotals(result, io.stderr));
  if (html !== undefined) io.stderr.write(`The page is in ${html}.\n`);
}

/** Text is written in pieces of about this many characters. */
const pieceLength = 64 * 1024;

function* larger(pieces: Iterable<string>): Generator<string> {
  let text = "";
  for (const piece of pieces) {
    text += piece;
    if (text.length < pieceLength) continue;
    yield text;
    text = "";
  }
  if (text !== "") yield text;
}
