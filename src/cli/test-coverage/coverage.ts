import { pathOfUrl } from "../../rules/typescript/source-file.ts";
import type { Screen } from "../io.ts";
import { renderTable } from "../table.ts";
import { coverLines, lineRanges, type LineCoverage } from "./lines.ts";
import { CoverageSession, type ScriptCoverage } from "./session.ts";

/** A rule whose lines are counted. */
export interface CoveredRule {
  readonly ruleId: string;
  /** Absolute path. */
  readonly file: string;
}

/** What tests reached of one rule. */
export interface RuleCoverage extends CoveredRule, LineCoverage {}

/** Counts what tests reach: start it, load the rules, begin, run the tests, then ask. */
export class TestCoverage implements AsyncDisposable {
  readonly #session: CoverageSession;
  #loaded: readonly ScriptCoverage[] = [];

  private constructor(session: CoverageSession) {
    this.#session = session;
  }

  static async start(): Promise<TestCoverage> {
    return new TestCoverage(await CoverageSession.start());
  }

  /** From here on it counts: what ran while the rules were loaded was reached by no test. */
  async begin(): Promise<void> {
    this.#loaded = await this.#session.take();
  }

  /** What ran since `begin`. Rules whose code V8 does not run itself are left out. */
  async of(rules: readonly CoveredRule[]): Promise<readonly RuleCoverage[]> {
    const counted = new Map((await this.#session.take()).map((script) => [script.scriptId, script]));
    const scripts = newestByPath(this.#loaded);
    const loaded = rules.flatMap(({ ruleId, file }) => {
      const script = scripts.get(file);
      return script === undefined ? [] : [{ ruleId, file, script }];
    });
    const sources = await this.#session.sourcesOf(loaded.map(({ script }) => script));
    return loaded.map(({ ruleId, file, script }, index): RuleCoverage => {
      const covered = coverLines(sources[index] ?? "", counted.get(script.scriptId));
      return Object.assign(covered, { ruleId, file });
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#session.stop();
  }
}

/** The scripts of files; of one that was loaded again, what was loaded last. */
function newestByPath(scripts: readonly ScriptCoverage[]): ReadonlyMap<string, ScriptCoverage> {
  const newest = new Map<string, ScriptCoverage>();
  for (const script of scripts) {
    if (!script.url.startsWith("file:")) continue;
    const path = pathOfUrl(script.url);
    if (Number(script.scriptId) > Number(newest.get(path)?.scriptId ?? -1)) newest.set(path, script);
  }
  return newest;
}

/** A table for people: how much of each rule was reached, and which lines were not. */
export function renderCoverage(rules: readonly RuleCoverage[], screen: Screen): string {
  const rows = rules.map(({ ruleId, lines, notReached, partlyReached }) => [
    ruleId,
    String(lines.length),
    `${percentReached(lines.length, notReached.length)}%`,
    lineRanges(notReached, lines),
    lineRanges(partlyReached, lines),
  ]);
  const all = rules.reduce((sum, rule) => sum + rule.lines.length, 0);
  const missed = rules.reduce((sum, rule) => sum + rule.notReached.length, 0);
  return renderTable(
    [
      { name: "RULE" },
      { name: "LINES", align: "right" },
      { name: "REACHED", align: "right" },
      { name: "NOT REACHED" },
      { name: "PARTLY REACHED" },
    ],
    [...rows, ["all", String(all), `${percentReached(all, missed)}%`, "", ""]],
    screen,
  );
}

/** Rounded down, so that 100% means all of it. */
function percentReached(lines: number, missed: number): number {
  return lines === 0 ? 100 : Math.floor(((lines - missed) / lines) * 100);
}
