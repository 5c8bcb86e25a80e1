import type { MaybePromise } from "../../core/json.ts";
import { alertLine } from "../alert-line.ts";
import type { Delivery, Destination } from "../destination.ts";
import { renderAlert } from "./render.ts";

export interface ConsoleOptions {
  /** Prints; the next alert waits until it resolves. */
  readonly write: (text: string) => MaybePromise<void>;
  /** `text` for people, `json` for one line of JSON per alert. */
  readonly format: "text" | "json";
  /** Whether text may have colours. */
  readonly color: boolean;
  /** Columns of the terminal. */
  readonly width: number;
}

/** Alerts on standard output. A run that was killed may print the alerts of its last batch again. */
export function createConsoleDestination({ write, format, color, width }: ConsoleOptions): Destination {
  return {
    name: "console",
    async deliver(deliveries: readonly Delivery[]): Promise<void> {
      for (const { alert } of deliveries) {
        await write(format === "json" ? alertLine(alert) : renderAlert(alert, { color, width }));
      }
    },
    close: () => undefined,
  };
}
