import { createOutbox } from "../alerts/outbox.ts";
import { type RemoteDelivery, RemoteOutbox } from "../alerts/remote-outbox.ts";
import { AlertRouting } from "../alerts/routing.ts";
import { systemClock, systemTimer } from "../core/clock.ts";
import type { Signal } from "../core/signal.ts";
import { createCommittedFile } from "../destinations/committed-file.ts";
import { AlertOutputs } from "../engine/alert-outputs.ts";
import type { Source } from "../sources/source.ts";
import { createSpoolSource } from "../sources/spool/source.ts";
import { createTailSource } from "../sources/tail/source.ts";
import type { StateStore } from "../state/store.ts";
import type { LaneServiceConfig, LaneSourceConfig, RunConfig } from "./run-config.ts";

/** What a service lends its lane. */
export interface LaneServiceHost {
  /** Takes deliveries that are committed. */
  readonly handOver: (deliveries: readonly RemoteDelivery[]) => void;
  /** Raised when something was appended to the spool of the source of that name. */
  readonly arrivals: (source: string) => Signal;
  readonly warn: (message: string) => void;
}

/** A source that never ends by itself. */
export function createServiceSource(
  source: LaneSourceConfig,
  { limits, service }: RunConfig,
  host: LaneServiceHost,
): Source {
  const { name, format, envelopeField } = source;
  if (source.kind === "spool") {
    const folder = service?.spoolFolder ?? "";
    const { link } = source;
    return createSpoolSource({
      folder,
      source: name,
      label: name,
      limits,
      link,
      arrivals: host.arrivals(name),
    });
  }
  const { paths, from } = source;
  return createTailSource({
    id: `files:${name}`,
    label: name,
    paths,
    from,
    format,
    envelopeField,
    limits,
    clock: systemClock,
    timer: systemTimer,
    warn: host.warn,
  });
}

/** Where a service's alerts go: its files with the commit, everything else by way of the main thread. */
export function createServiceOutputs(
  { destinations }: LaneServiceConfig,
  store: StateStore,
  host: LaneServiceHost,
): AlertOutputs {
  const files = destinations.flatMap(({ name, path }) =>
    path === undefined ? [] : [{ name, file: createCommittedFile(path) }],
  );
  const names = destinations.filter(({ path }) => path === undefined).map(({ name }) => name);
  const routes = destinations.map(({ name, route }) => ({ name, ...route }));
  return new AlertOutputs({
    files,
    destinations: [],
    outbox: createOutbox({ store, destinations: [] }),
    remote: { names, outbox: new RemoteOutbox(store, names), handOver: host.handOver },
    routing: new AlertRouting(routes, host.warn),
    clock: systemClock,
  });
}
