import { type Profiler, Session } from "node:inspector/promises";

/** What V8 counted in one script: ranges of the text with how often each ran, by function. */
export type ScriptCoverage = Profiler.ScriptCoverage;

/** V8's own count of what runs in this thread. Must begin before the rules are loaded. */
export class CoverageSession {
  readonly #session = new Session();

  private constructor() {
    this.#session.connect();
  }

  static async start(): Promise<CoverageSession> {
    const coverage = new CoverageSession();
    await coverage.#session.post("Profiler.enable");
    await coverage.#session.post("Profiler.startPreciseCoverage", { callCount: true, detailed: true });
    return coverage;
  }

  /** What ran since the start or the last time this was asked. */
  async take(): Promise<readonly ScriptCoverage[]> {
    const { result } = await this.#session.post("Profiler.takePreciseCoverage");
    return result;
  }

  /** The texts of scripts as V8 runs them, which is what the ranges are counted in. */
  async sourcesOf(scripts: readonly ScriptCoverage[]): Promise<readonly string[]> {
    await this.#session.post("Debugger.enable");
    const answers = await Promise.all(
      scripts.map(({ scriptId }) => this.#session.post("Debugger.getScriptSource", { scriptId })),
    );
    // Code runs slowly while a debugger is there.
    await this.#session.post("Debugger.disable");
    return answers.map((answer) => answer.scriptSource);
  }

  /** Ends the counting, which slows everything down a little. */
  async stop(): Promise<void> {
    await this.#session.post("Profiler.stopPreciseCoverage");
    this.#session.disconnect();
  }
}
