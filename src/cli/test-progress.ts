import type { CommandIo } from "./io.ts";

/** Tests mostly take less than this altogether; a line that flashes up would only be noise. */
const silentMs = 700;
const redrawMs = 100;

/** A line on a terminal that counts tests while they take long. */
export class TestProgress {
  readonly #io: CommandIo;
  readonly #total: number;
  #nextDrawMs: number;
  #drawn = false;

  constructor(io: CommandIo, total: number) {
    this.#io = io;
    this.#total = total;
    this.#nextDrawMs = io.clock.monotonicMs() + silentMs;
  }

  update(done: number, failed: number): void {
    const { stderr, clock } = this.#io;
    if (stderr.isTTY !== true || clock.monotonicMs() < this.#nextDrawMs) return;
    this.#nextDrawMs = clock.monotonicMs() + redrawMs;
    this.#drawn = true;
    stderr.write(`\r\u001B[K${done} of ${this.#total} tests, ${failed} failed`);
  }

  /** Takes the line away. */
  stop(): void {
    if (this.#drawn) this.#io.stderr.write("\r\u001B[K");
    this.#drawn = false;
  }
}
