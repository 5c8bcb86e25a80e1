import type { JsonObject } from "../core/json.ts";
import type { StreamPosition } from "../core/position.ts";

/** What the records since the last commit produced besides state: lines of dead letters, and how far streams were read. */
export class Batch {
  readonly deadLetterLines: string[] = [];
  readonly startedMs: number;
  /** Bytes of `deadLetterLines`. */
  deadLetterBytes = 0;
  /** Roughly how much memory the lines hold. */
  pendingBytes = 0;
  /** False while nothing happened that a commit would have to keep. */
  dirty = false;
  #begunMs: number | undefined;
  readonly #positions = new Map<string, StreamPosition>();

  constructor(startedMs: number) {
    this.startedMs = startedMs;
  }

  /** Records are about to be examined. */
  begin(nowMs: number): void {
    this.#begunMs ??= nowMs;
  }

  /** When the first records were; `nowMs` where there were none. */
  begunMs(nowMs: number): number {
    return this.#begunMs ?? nowMs;
  }

  addDeadLetterLine(line: string): void {
    this.deadLetterLines.push(line);
    this.deadLetterBytes += Buffer.byteLength(line);
    this.pendingBytes += line.length;
    this.dirty = true;
  }

  setPosition(source: string, stream: string, value: JsonObject): void {
    this.#positions.set(`${source}\u0000${stream}`, { source, stream, value });
    this.dirty = true;
  }

  get positions(): readonly StreamPosition[] {
    return [...this.#positions.values()];
  }
}
