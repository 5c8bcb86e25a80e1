import { collectDefaultMetrics, type Metric, Registry } from "prom-client";

import type { ServiceStatus } from "../status.ts";
import { engineFamilies } from "./engine.ts";
import type { Distribution, Family } from "./family.ts";
import { destinationFamilies, ruleFamilies, sourceFamilies } from "./items.ts";

export interface Metrics {
  readonly contentType: string;
  /** All metrics in Prometheus' text format. */
  read(): Promise<string>;
}

const families: readonly Family[] = [
  ...engineFamilies,
  ...sourceFamilies,
  ...ruleFamilies,
  ...destinationFamilies,
];

/** What Prometheus calls badly named: values that can fall, under a name for totals. */
const misnamed = ["active_handles", "active_requests", "active_resources"];

/** The metrics of one service, in a registry of their own, with those of the Node process beside them. */
export function createMetrics({ read }: { readonly read: () => ServiceStatus }): Metrics {
  const registry = new Registry();
  // One status for one answer, so that all figures in it are of the same moment.
  let status: ServiceStatus | undefined;
  for (const family of families) {
    // The registry asks a metric for nothing but this; its own counters can only be added to, and ours are totals already.
    const metric = {
      name: family.name,
      get: () => Promise.resolve(report(family, (status ??= read()))),
    };
    registry.registerMetric(metric as unknown as Metric);
  }
  collectDefaultMetrics({ register: registry, prefix: "stakeout_" });
  for (const name of misnamed) registry.removeSingleMetric(`stakeout_nodejs_${name}_total`);
  return {
    contentType: registry.contentType,
    read() {
      status = undefined;
      return registry.metrics();
    },
  };
}

interface ReportedValue {
  readonly metricName?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

interface Report {
  readonly name: string;
  readonly help: string;
  readonly type: Family["type"];
  readonly values: readonly ReportedValue[];
}

function report(family: Family, status: ServiceStatus): Report {
  const { name, help, type } = family;
  const values =
    family.type === "histogram"
      ? histogramValues(name, family.read(status))
      : family.read(status).map(([labels, value]) => ({ labels, value }));
  return { name, help, type, values };
}

function histogramValues(name: string, { buckets, count, seconds }: Distribution): readonly ReportedValue[] {
  const counts = [
    ...buckets.map(([bound, below]) => [String(bound), below] as const),
    ["+Inf", count] as const,
  ];
  return [
    ...counts.map(([le, value]) => ({ metricName: `${name}_bucket`, labels: { le }, value })),
    { metricName: `${name}_sum`, labels: {}, value: seconds },
    { metricName: `${name}_count`, labels: {}, value: count },
  ];
}
