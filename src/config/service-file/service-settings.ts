import { z } from "zod";

import type { Limits } from "../../core/limits.ts";
import type { RunConfig } from "../run-config.ts";
import type { AdminConfig, IngestConfig, LogConfig, ServiceRulesConfig } from "../service-config.ts";
import { destinationKinds } from "./destination-settings.ts";
import { limitSettings } from "./limit-settings.ts";
import {
  adminSettings,
  batchSettings,
  drainSetting,
  httpSettings,
  logSettings,
  rulesSettings,
  spoolSettings,
  type FileSpoolConfig,
} from "./section-settings.ts";
import { sourceKinds } from "./source-settings.ts";
import { oneOrMore, pathIn, settings } from "./values.ts";

/** What may stand at the top of the file besides sources and destinations. */
export interface Sections {
  readonly rules: z.ZodType<ServiceRulesConfig>;
  readonly logTypes: z.ZodType<readonly string[]>;
  readonly state: z.ZodType<string>;
  readonly deadLetters: z.ZodType<string | undefined>;
  readonly spool: z.ZodType<FileSpoolConfig>;
  readonly http: z.ZodType<IngestConfig>;
  readonly admin: z.ZodType<AdminConfig>;
  readonly limits: z.ZodType<Limits>;
  readonly batch: z.ZodType<RunConfig["batch"]>;
  readonly log: z.ZodType<LogConfig>;
  readonly drain: z.ZodType<number>;
}

/** Letters, digits, `-`, `_`, `.`: it is part of addresses and of folder names. */
export const sourceName: RegExp = /^[A-Za-z0-9_-][A-Za-z0-9._-]{0,63}$/;

export const destinationName: RegExp = /^(?! )[^\p{C}\p{Zl}\p{Zp}]{1,100}(?<! )$/u;

/** The schema of each section. Paths are relative to the folder. */
export function sections(folder: string): Sections {
  const path = pathIn(folder);
  return {
    rules: rulesSettings(folder).prefault("rules"),
    logTypes: oneOrMore(path)
      .optional()
      .transform((paths) => paths ?? [])
      .describe("Your own log types, files and folders. Default: none."),
    state: path
      .prefault("stakeout.db")
      .describe("The state file: what rules remember, alerts, how far sources have been read."),
    deadLetters: path
      .optional()
      .describe("Where records go that cannot become events. Default: beside the state."),
    spool: spoolSettings(folder).prefault({}),
    http: httpSettings(folder).prefault({}),
    admin: adminSettings(folder),
    limits: limitSettings().prefault({}).describe("Limits that differ from docs/LIMITS.md."),
    batch: batchSettings().prefault({}),
    log: logSettings().prefault({}),
    drain: drainSetting(),
  };
}

/** The whole file, for the JSON Schema that editors check it with. */
export function serviceSchema(): z.ZodType {
  const sources = Object.values(sourceKinds("."));
  const destinations = Object.values(destinationKinds("."));
  return settings({
    ...sections("."),
    sources: z
      .record(z.string().regex(sourceName), z.union(sources))
      .describe("Where events come from, by name."),
    destinations: z
      .record(z.string(), z.union(destinations))
      .optional()
      .describe("Where alerts go, by name. Default: nowhere; they are kept in the state."),
  }).meta({
    title: "Stakeout service",
    description: "What `stakeout serve` runs: rules, sources, destinations, listeners.",
  });
}
