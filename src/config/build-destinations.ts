import type { Clock, Timer } from "../core/clock.ts";
import type { DelivererTarget } from "../destinations/deliverer.ts";
import { createPagerDutyDestination } from "../destinations/pagerduty/destination.ts";
import type { RemoteDestination } from "../destinations/remote.ts";
import { createSlackDestination } from "../destinations/slack/destination.ts";
import { createStdoutDestination, stdoutPolicy } from "../destinations/stdout/destination.ts";
import { createWebhookDestination } from "../destinations/webhook/destination.ts";
import type { FileDestinationConfig, ServiceDestinationConfig } from "./service-config.ts";

export interface DestinationsHost {
  readonly clock: Clock;
  readonly timer: Timer;
  /** Of Stakeout, for `User-Agent`. */
  readonly version: string;
  /** Writes to standard output; resolves when it is written. */
  readonly write: (text: string) => Promise<void>;
  /** Columns of the terminal, where there is one. */
  readonly width: number;
  readonly color: boolean;
}

/** The destinations whose deliveries the main thread makes. Throws `CONFIG_INVALID`. */
export function createRemoteDestinations(
  configs: readonly ServiceDestinationConfig[],
  host: DestinationsHost,
): readonly DelivererTarget[] {
  return configs
    .filter((config) => config.kind !== "file")
    .map((config) => ({
      destination: createDestination(config, host),
      policy: config.kind === "stdout" ? stdoutPolicy : config.policy,
    }));
}

function createDestination(
  config: Exclude<ServiceDestinationConfig, FileDestinationConfig>,
  host: DestinationsHost,
): RemoteDestination {
  if (config.kind === "webhook") return createWebhookDestination(config, host);
  if (config.kind === "slack") return createSlackDestination(config, host);
  if (config.kind === "pagerduty") return createPagerDutyDestination(config, host);
  return createStdoutDestination({ ...config, ...host });
}
