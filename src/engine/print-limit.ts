import type { Position } from "../core/position.ts";

/** A stream that prints, such as `process.stdout`. */
export interface PrintStream {
  write(chunk: string | Uint8Array, ...rest: unknown[]): boolean;
}

export interface PrintLimitOptions {
  /** The limit `printBytesMax`. */
  readonly bytesMax: number;
  /** The event that rules are asked about; `undefined` between events and while rules are loaded. */
  readonly position: () => Position | undefined;
}

/**
 * Bounds what rules print about one event, before it leaves their thread: what a loop prints would otherwise fill the
 * memory, because a lane that is busy does not hand it over. What is cut is told at once, and how much with `flush` or
 * the next event's prints.
 */
export class PrintLimit {
  readonly #options: PrintLimitOptions;
  #event = "";
  #bytes = 0;
  #omittedBytes = 0;
  /** Writes to the stream that was cut. */
  #tell: (text: string) => void = () => undefined;

  constructor(options: PrintLimitOptions) {
    this.#options = options;
  }

  /** Puts the limit in the way of everything that is written to a stream from here on. */
  attach(stream: PrintStream): void {
    const write = stream.write.bind(stream);
    stream.write = (chunk, ...rest) => {
      this.#enter(this.#options.position());
      const bytes = typeof chunk === "string" ? Buffer.byteLength(chunk) : chunk.length;
      const room = this.#options.bytesMax - this.#bytes;
      if (bytes <= room) {
        this.#bytes += bytes;
        return write(chunk, ...rest);
      }
      this.#cut(chunk, room, (text) => void write(text));
      const done: unknown = rest.at(-1);
      if (typeof done === "function") process.nextTick(done);
      return true;
    };
  }

  /** Tells what was not shown so far. */
  flush(): void {
    if (this.#omittedBytes > 0) this.#tell(`stakeout: ${this.#omittedBytes} bytes were not shown\n`);
    this.#omittedBytes = 0;
  }

  #enter(position: Position | undefined): void {
    const event = position === undefined ? "" : `${position.stream} offset ${position.offset}`;
    if (event === this.#event) return;
    this.flush();
    this.#event = event;
    this.#bytes = 0;
  }

  #cut(chunk: string | Uint8Array, room: number, tell: (text: string) => void): void {
    const bytes = Buffer.from(chunk as Uint8Array);
    this.#omittedBytes += bytes.length - Math.max(0, room);
    this.#tell = tell;
    if (room < 0) return;
    const { bytesMax } = this.#options;
    // One more than the limit, so that there is no room for anything from here on.
    this.#bytes = bytesMax + 1;
    const about = this.#event === "" ? "" : ` about the event at ${this.#event}`;
    const shown = bytes.toString("utf8", 0, room).replace(/\uFFFD+$/, "");
    tell(
      `${shown}\nstakeout: rules print more than ${bytesMax} bytes${about} (the limit printBytesMax); the rest is not shown\n`,
    );
  }
}
