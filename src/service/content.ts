import type { Clock } from "../core/clock.ts";
import { messageOf, type Problem } from "../core/errors.ts";
import type { Standby } from "../engine/supervisor.ts";
import type { ReloadResult } from "./admin/admin-service.ts";
import { contentHash } from "./content-hash.ts";
import type { PreparedContent } from "./lane-keeper.ts";
import type { Log } from "./log.ts";
import type { ContentStatus } from "./status.ts";

/** How rules and log types that changed are put to use. */
export interface ContentHost {
  /** Folders and files of rules and log types. */
  readonly paths: readonly string[];
  readonly log: Log;
  readonly clock: Clock;
  /** Loads what the files hold now beside what runs. */
  readonly prepare: () => Promise<PreparedContent>;
  readonly swap: (standby: Standby) => Promise<void>;
  readonly discard: (standby: Standby) => Promise<void>;
  /** Runs the rules' tests; answers what failed. Left out: they are not run. */
  readonly test?: (() => Promise<readonly Problem[]>) | undefined;
}

/** Files that go on changing while they are loaded are loaded again, so many times. */
const attemptsMax = 5;

/**
 * Replaces rules and log types while events are examined. New content is loaded and tested beside the old; it takes over
 * between two batches, or is refused whole, and then the old goes on.
 */
export class Content {
  readonly #host: ContentHost;
  #hash: string;
  #loadedAtMs: number;
  #reloads = 0;
  #refusedReloads = 0;
  #refused: ContentStatus["refused"];
  #reloading: Promise<ReloadResult> | undefined;
  #again: Promise<ReloadResult> | undefined;

  constructor(host: ContentHost) {
    this.#host = host;
    this.#hash = contentHash(host.paths);
    this.#loadedAtMs = host.clock.nowMs();
  }

  /** The files were found broken when they had to be loaded for another reason. */
  broken(problems: readonly Problem[]): void {
    this.#refuse(problems, "The content cannot be loaded any more. No lane runs until it can.");
  }

  status(): ContentStatus {
    const refused = this.#refused === undefined ? {} : { refused: this.#refused };
    return {
      hash: this.#hash,
      loadedAtMs: this.#loadedAtMs,
      reloads: this.#reloads,
      refusedReloads: this.#refusedReloads,
      ...refused,
    };
  }

  /** Loads the files again. Called while that is under way, it is done once more after it: files may have changed since. */
  reload(): Promise<ReloadResult> {
    if (this.#again !== undefined) return this.#again;
    if (this.#reloading === undefined) return this.#begin();
    this.#again = this.#reloading.then(() => {
      this.#again = undefined;
      return this.#begin();
    });
    return this.#again;
  }

  #begin(): Promise<ReloadResult> {
    this.#reloading = this.#reload().finally(() => (this.#reloading = undefined));
    return this.#reloading;
  }

  async #reload(): Promise<ReloadResult> {
    const { log, clock } = this.#host;
    try {
      const refused = await this.#replace();
      if (refused !== undefined) return this.#refuse(refused);
    } catch (error) {
      return this.#refuse([{ file: "", line: 0, message: messageOf(error) }]);
    }
    this.#loadedAtMs = clock.nowMs();
    this.#reloads += 1;
    this.#refused = undefined;
    log.info({ content: this.#hash }, "New content has taken over.");
    return { ok: true, problems: [] };
  }

  /** Answers why the old content goes on, if it does. */
  async #replace(): Promise<readonly Problem[] | undefined> {
    const { paths, swap, discard } = this.#host;
    for (let attempt = 1; ; attempt++) {
      const hash = contentHash(paths);
      const loaded = await this.#load();
      // What was loaded is what was tested only when nothing changed meanwhile.
      const settled = contentHash(paths) === hash || attempt === attemptsMax;
      if (settled && loaded.kind === "invalid") return loaded.problems;
      if (settled || loaded.kind === "started") {
        if (loaded.kind === "standby") await swap(loaded.standby);
        this.#hash = hash;
        return undefined;
      }
      if (loaded.kind === "standby") await discard(loaded.standby);
    }
  }

  /** Loads and tests at the same time: both take about as long. */
  async #load(): Promise<PreparedContent> {
    const { prepare, discard } = this.#host;
    const [prepared, failed] = await Promise.all([prepare(), this.#failedTests()]);
    if (prepared.kind !== "standby" || failed.length === 0) return prepared;
    await discard(prepared.standby);
    return { kind: "invalid", problems: failed };
  }

  async #failedTests(): Promise<readonly Problem[]> {
    try {
      return (await this.#host.test?.()) ?? [];
    } catch (error) {
      return [{ file: "", line: 0, message: messageOf(error) }];
    }
  }

  #refuse(problems: readonly Problem[], what = "New content was refused."): ReloadResult {
    const { log, clock } = this.#host;
    this.#refusedReloads += 1;
    this.#refused = { atMs: clock.nowMs(), problems };
    const first = problems[0];
    const where = first === undefined || first.file === "" ? "" : ` ${first.file}:${first.line}:`;
    log.error({ problems: problems.length }, `${what}${where} ${first?.message ?? ""}`);
    return { ok: false, problems };
  }
}
