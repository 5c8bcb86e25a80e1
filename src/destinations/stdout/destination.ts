import { messageOf } from "../../core/errors.ts";
import { createConsoleDestination, type ConsoleOptions } from "../console/destination.ts";
import type { DeliveryPolicy } from "../deliverer.ts";
import type { RemoteDestination } from "../remote.ts";

export interface StdoutOptions extends ConsoleOptions {
  readonly name: string;
}

/** Alerts on standard output of the service: a line of JSON each, or text for people. */
export function createStdoutDestination(options: StdoutOptions): RemoteDestination {
  const printer = createConsoleDestination(options);
  return {
    name: options.name,
    async send(delivery) {
      try {
        await printer.deliver([delivery]);
        return { kind: "delivered" };
      } catch (error) {
        return { kind: "failed", reason: `Standard output cannot be written: ${messageOf(error)}.` };
      }
    },
    close: async () => printer.close(),
  };
}

/** How standard output is treated, which has no policy in the configuration: one alert at a time, as fast as it takes them. */
export const stdoutPolicy: DeliveryPolicy = {
  concurrencyMax: 1,
  perSecondMax: undefined,
  delayMs: 1000,
  delayMaxMs: 60_000,
  giveUpMs: 86_400_000,
  breakAfter: 1,
};
