import type { Spool } from "../sources/spool/spool.ts";
import type { LaneServiceConfig, RunConfig } from "./run-config.ts";
import type { ServiceConfig } from "./service-config.ts";

/** What the lane of a service runs, which reads the spool that the main thread writes. */
export function serviceRunConfig(config: ServiceConfig, spool: Pick<Spool, "link">): RunConfig {
  const { rules, logTypes, stateFile, deadLettersFile, limits, batch } = config;
  return {
    rules: rules.paths,
    inputs: [],
    stdin: false,
    format: "auto",
    envelopeField: undefined,
    logType: undefined,
    logTypes,
    stateFile,
    alertsFile: undefined,
    deadLettersFile,
    console: undefined,
    limits,
    batch,
    service: laneServiceConfig(config, spool),
  };
}

function laneServiceConfig(config: ServiceConfig, spool: Pick<Spool, "link">): LaneServiceConfig {
  const { sources, destinations, rules } = config;
  return {
    sources: sources.map((source) => {
      const { name, logType, format, envelopeField } = source;
      if (source.kind === "http") {
        return { name, logType, format, envelopeField, kind: "spool", link: spool.link(name) };
      }
      const { paths, from } = source;
      return { name, logType, format, envelopeField, kind: "files", paths, from };
    }),
    spoolFolder: config.spool.folder,
    destinations: destinations.map(({ name, route, ...destination }) => ({
      name,
      route,
      path: destination.kind === "file" ? destination.path : undefined,
    })),
    staged: rules.staged,
  };
}
