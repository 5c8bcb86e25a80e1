import { systemTimer, type Timer } from "../core/clock.ts";
import { StakeoutError } from "../core/errors.ts";
import { Signal } from "../core/signal.ts";
import type { ServiceStatus } from "../service/status.ts";
import { type CommandIo, writeText } from "./io.ts";
import { type ServiceClient, type ServiceOptions, withService } from "./service-client.ts";
import { renderFrame } from "./top/frame.ts";
import { History } from "./top/history.ts";
import { nextRanking, type Ranking } from "./top/rules.ts";
import { FullScreen } from "./top/full-screen.ts";

export interface TopOptions extends ServiceOptions {
  readonly sort: Ranking;
  /** Milliseconds between two looks. */
  readonly interval: number;
  readonly once: boolean;
}

/** Columns of a frame that goes into a file. */
const pipedColumns = 120;

/**
 * Shows the running service until `q` or a signal ends it; with `once` one frame without terminal codes. Answers 0. Throws
 * `SERVICE_UNREACHABLE` when it cannot be reached at first; later that is shown, and tried again.
 */
export function topCommand(options: TopOptions, io: CommandIo, timer: Timer = systemTimer): Promise<number> {
  if (!options.once && (io.stdin.isTTY !== true || io.stdout.isTTY !== true)) {
    throw new StakeoutError("USAGE", "stakeout top needs a terminal; --once prints one look as text.");
  }
  return withService(options, (client) => {
    const top = new Top({ client, options, io, timer });
    return options.once ? top.printOnce() : top.watch();
  });
}

interface TopParts {
  readonly client: ServiceClient;
  readonly options: TopOptions;
  readonly io: CommandIo;
  readonly timer: Timer;
}

class Top {
  readonly #parts: TopParts;
  readonly #history = new History();
  readonly #wake = new Signal();
  readonly #end = new AbortController();
  #ranking: Ranking;
  #paused = false;
  #trouble: string | undefined;

  constructor(parts: TopParts) {
    this.#parts = parts;
    this.#ranking = parts.options.sort;
  }

  async printOnce(): Promise<number> {
    const { io, options, timer } = this.#parts;
    await this.#look();
    await new Promise<void>((resolve) => void timer.after(options.interval, resolve));
    await this.#look();
    const columns = io.stdout.columns ?? pipedColumns;
    const lines = renderFrame(this.#history, { ...this.#view(), columns, rows: Infinity, keys: false });
    await writeText(io.stdout, lines.map(({ text }) => `${text.trimEnd()}\n`).join(""));
    return 0;
  }

  async watch(): Promise<number> {
    const { timer, options } = this.#parts;
    await this.#look();
    using screen = new FullScreen(this.#parts.io, {
      onKey: (key) => this.#press(key),
      onResize: () => this.#wake.raise(),
      onEnd: () => this.#stop(),
    });
    let due = false;
    let forget = (): void => undefined;
    const schedule = (): void => {
      due = false;
      forget = timer.after(options.interval, () => {
        due = true;
        this.#wake.raise();
      });
    };
    schedule();
    while (!this.#end.signal.aborted) {
      screen.draw((size) => renderFrame(this.#history, { ...this.#view(), ...size, keys: true }));
      await this.#wake.wait();
      if (!due) continue;
      if (!this.#paused) await this.#lookAgain();
      schedule();
    }
    forget();
    return 0;
  }

  #view(): { ranking: Ranking; paused: boolean; trouble: string | undefined } {
    return { ranking: this.#ranking, paused: this.#paused, trouble: this.#trouble };
  }

  async #look(): Promise<void> {
    const { client } = this.#parts;
    this.#history.add(await client.ask<ServiceStatus>({ path: "/v1/status", signal: this.#end.signal }));
  }

  async #lookAgain(): Promise<void> {
    try {
      await this.#look();
      this.#trouble = undefined;
    } catch (error) {
      if (!(error instanceof StakeoutError)) throw error;
      this.#trouble = error.message;
    }
  }

  #press(key: string): void {
    if (key === "q") this.#stop();
    else if (key === "s") this.#ranking = nextRanking(this.#ranking);
    else if (key === "p") this.#paused = !this.#paused;
    this.#wake.raise();
  }

  #stop(): void {
    this.#end.abort();
    this.#wake.raise();
  }
}
