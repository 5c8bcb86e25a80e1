import { SingleBar } from "cli-progress";

import type { Clock } from "../core/clock.ts";
import { formatDuration } from "../core/durations.ts";
import type { Counters } from "../engine/control.ts";

const redrawMs = 100;
// Speed over the last few seconds: an average since the start would hide that input has dried up.
const speedWindowMs = 3000;

export interface ProgressOptions {
  /** Where the bar is drawn; only made for a terminal. */
  readonly stream: NodeJS.WriteStream;
  readonly clock: Clock;
  readonly read: () => Counters;
}

interface Sample {
  readonly atMs: number;
  readonly events: number;
  readonly inputBytes: number;
}

/** A progress line on a terminal: how far, events/s, time left, alerts so far. */
export class Progress {
  readonly #options: ProgressOptions;
  readonly #bar: SingleBar;
  readonly #timer: NodeJS.Timeout;
  readonly #samples: Sample[] = [];

  constructor(options: ProgressOptions) {
    this.#options = options;
    this.#bar = new SingleBar({
      stream: options.stream,
      format: "{bar} {share} | {events} events | {speed} events/s | {left} | {alerts} alerts",
      barsize: 24,
      hideCursor: null,
      clearOnComplete: true,
      gracefulExit: false,
      linewrap: null,
    });
    this.#bar.start(1, 0, describe(options.read(), { eventsPerSecond: 0, leftMs: undefined }));
    this.#timer = setInterval(() => this.#draw(), redrawMs);
    this.#timer.unref();
  }

  /** Removes the line so that something else can be printed; the next redraw brings it back. */
  clear(): void {
    this.#options.stream.write("\r\u001B[K");
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#bar.stop();
  }

  #draw(): void {
    const counters = this.#options.read();
    const pace = this.#pace(counters);
    this.#bar.setTotal(counters.inputBytesTotal > 0 ? counters.inputBytesTotal : 1);
    this.#bar.update(counters.inputBytesTotal > 0 ? counters.inputBytesRead : 0, describe(counters, pace));
  }

  #pace(counters: Counters): Pace {
    const atMs = this.#options.clock.monotonicMs();
    this.#samples.push({ atMs, events: counters.events, inputBytes: counters.inputBytesRead });
    while (this.#samples.length > 2 && atMs - (this.#samples[0]?.atMs ?? atMs) > speedWindowMs) {
      this.#samples.shift();
    }
    const first = this.#samples[0];
    const spanMs = first === undefined ? 0 : atMs - first.atMs;
    if (first === undefined || spanMs <= 0) return { eventsPerSecond: 0, leftMs: undefined };
    const bytesPerMs = (counters.inputBytesRead - first.inputBytes) / spanMs;
    const bytesLeft = counters.inputBytesTotal - counters.inputBytesRead;
    return {
      eventsPerSecond: ((counters.events - first.events) / spanMs) * 1000,
      leftMs: counters.inputBytesTotal > 0 && bytesPerMs > 0 ? bytesLeft / bytesPerMs : undefined,
    };
  }
}

interface Pace {
  readonly eventsPerSecond: number;
  readonly leftMs: number | undefined;
}

function describe(counters: Counters, pace: Pace): Record<string, string> {
  const { inputBytesRead, inputBytesTotal } = counters;
  return {
    share: inputBytesTotal > 0 ? `${Math.floor((inputBytesRead / inputBytesTotal) * 100)}%` : "",
    events: counters.events.toLocaleString("en-US"),
    speed: Math.round(pace.eventsPerSecond).toLocaleString("en-US"),
    left: pace.leftMs === undefined ? "time left unknown" : `${formatDuration(pace.leftMs)} left`,
    alerts: counters.alerts.toLocaleString("en-US"),
  };
}
