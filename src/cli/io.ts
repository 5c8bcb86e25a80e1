import type { Readable, Writable } from "node:stream";
import { styleText } from "node:util";

import type { Clock } from "../core/clock.ts";
import { systemClock } from "../core/clock.ts";
import { StakeoutError } from "../core/errors.ts";
import { startWatchdog, type Watchdog } from "./watchdog/watchdog.ts";

/** What a command reads and writes. Tests hand in their own. */
export interface CommandIo {
  readonly stdin: Readable & { readonly isTTY?: boolean };
  readonly stdout: Screen;
  readonly stderr: Screen;
  readonly clock: Clock;
  /** Starts to watch over code of rules that this thread runs; left out where a process must not be ended for it. */
  readonly watch?: () => Watchdog;
}

/** A stream that may be a terminal. */
export type Screen = Writable & { readonly isTTY?: boolean; readonly columns?: number };

/** The streams of this process. A reader that closes its end of a pipe early is no error. */
export function processIo(): CommandIo {
  const { stdin, stdout, stderr } = process;
  stdout.on("error", (error) => {
    if (!isClosedPipe(error)) throw error;
  });
  return { stdin, stdout, stderr, clock: systemClock, watch: startWatchdog };
}

/** True for the error of writing into a pipe whose reader has gone. */
export function isClosedPipe(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "EPIPE";
}

/** Text in colour where the screen shows colours: a terminal, unless NO_COLOR or FORCE_COLOR say otherwise. */
export function paint(screen: Screen, format: Parameters<typeof styleText>[0], text: string): string {
  return styleText(format, text, { stream: screen });
}

/** Whether `paint` colours on this screen. */
export function showsColor(screen: Screen): boolean {
  return paint(screen, "red", "x") !== "x";
}

/** Writes, and waits while the reader is slower than we are. */
export function writeText(screen: Screen, text: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  screen.write(text, (error) => {
    if (error === null || error === undefined) return resolve();
    if (isClosedPipe(error)) return reject(error);
    reject(
      new StakeoutError("OUTPUT_UNWRITABLE", `Cannot write the output: ${error.message}`, { cause: error }),
    );
  });
  return promise;
}
