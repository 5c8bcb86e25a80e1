import { type CommandIo, paint } from "../io.ts";
import type { FrameLine } from "./columns.ts";

export interface ScreenEvents {
  /** One key, in lower case. */
  readonly onKey: (key: string) => void;
  readonly onResize: () => void;
  /** Ctrl-C, Ctrl-D or a signal. */
  readonly onEnd: () => void;
}

export interface ScreenSize {
  readonly columns: number;
  readonly rows: number;
}

const enter = "\u001B[?1049h\u001B[?25l\u001B[2J";
const leave = "\u001B[?25h\u001B[?1049l";
const home = "\u001B[H";
const clearLine = "\u001B[K";
const clearBelow = "\u001B[J";

/** In raw mode Ctrl-C and Ctrl-D arrive as the characters that they stand for. */
const endKeys = new Set(["\u0003", "\u0004"]);
const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** The whole terminal, until it is disposed of: then it is as it was, with what stood there before. */
export class FullScreen implements Disposable {
  readonly #io: CommandIo;
  readonly #events: ScreenEvents;

  constructor(io: CommandIo, events: ScreenEvents) {
    this.#io = io;
    this.#events = events;
    for (const signal of signals) process.once(signal, events.onEnd);
    io.stdout.on("resize", events.onResize);
    setRawMode(io.stdin, true);
    io.stdin.on("data", this.#onData);
    io.stdout.write(enter);
  }

  draw(render: (size: ScreenSize) => readonly FrameLine[]): void {
    const { stdout } = this.#io;
    const rows = "rows" in stdout && typeof stdout.rows === "number" ? stdout.rows : 24;
    const lines = render({ columns: stdout.columns ?? 80, rows });
    const shown = lines.map(({ text, format }) =>
      format === undefined ? text : paint(stdout, format, text),
    );
    // The last line ends without a line break, which would move everything up by one.
    stdout.write(`${home}${shown.map((line) => line + clearLine).join("\r\n")}${clearBelow}`);
  }

  [Symbol.dispose](): void {
    const { stdin, stdout } = this.#io;
    stdout.write(leave);
    stdin.off("data", this.#onData);
    setRawMode(stdin, false);
    stdin.pause();
    stdout.off("resize", this.#events.onResize);
    for (const signal of signals) process.off(signal, this.#events.onEnd);
  }

  readonly #onData = (chunk: Buffer | string): void => {
    for (const key of String(chunk)) {
      if (endKeys.has(key)) this.#events.onEnd();
      else this.#events.onKey(key.toLowerCase());
    }
  };
}

/** Makes a terminal hand over keys one by one, without Return. */
function setRawMode(stdin: CommandIo["stdin"], on: boolean): void {
  if ("setRawMode" in stdin && typeof stdin.setRawMode === "function") stdin.setRawMode(on);
}
