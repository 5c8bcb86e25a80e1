import { resolve } from "node:path";

import type { z } from "zod";

import { StakeoutError, type Problem } from "../../core/errors.ts";
import { nearest } from "../../rules/nearest.ts";
import type { ServiceConfig, ServiceDestinationConfig, ServiceSourceConfig } from "../service-config.ts";
import { checkReferences } from "./check-references.ts";
import { checkSecrets } from "./check-secrets.ts";
import { alternatives, describeIssues, nameOf, unknownSetting } from "./describe-issue.ts";
import { destinationKinds } from "./destination-settings.ts";
import { destinationName, sections, sourceName, type Sections } from "./service-settings.ts";
import {
  isMap,
  readSettingsFile,
  type Report,
  type SettingPath,
  type SettingsFile,
} from "./settings-file.ts";
import { sourceKinds, type Unnamed } from "./source-settings.ts";
import { adviceFor } from "./values.ts";

export interface ServiceConfigResult {
  /** `undefined` when there are problems. */
  readonly config: ServiceConfig | undefined;
  /** Everything wrong with the file, by line. None holds a value of a setting. */
  readonly problems: readonly Problem[];
  /** What works and is probably not meant, by line. */
  readonly warnings: readonly Problem[];
}

/** A configuration and what else is known about its file. */
export interface InspectedConfig extends ServiceConfigResult {
  /** Absolute. */
  readonly file: string;
  /** The texts that hold something put in by `${…}`. */
  readonly substituted: ReadonlySet<string>;
}

/** The parts of a configuration that have no problems; the others are `undefined`. */
export type ServiceParts = {
  readonly [Key in keyof Sections]: z.output<Sections[Key]> | undefined;
} & {
  /** Those without problems. */
  readonly sources: readonly ServiceSourceConfig[];
  readonly destinations: readonly ServiceDestinationConfig[];
};

/** A configuration file while it is looked at. */
export interface ServiceFile {
  /** Absolute. */
  readonly file: string;
  readonly parts: ServiceParts;
  /** What stands at a path, values put in, otherwise as it was written; `undefined` where nothing does. */
  readonly valueAt: (path: SettingPath) => unknown;
  readonly problem: Report;
  readonly warning: Report;
}

export interface InspectOptions {
  /** Also look whether rules and log types are there. Default: false, as loading them says so. */
  readonly contentPaths?: boolean;
}

/**
 * Reads the file that `stakeout serve` runs. Everything wrong with it is answered at once, nothing thrown. `env` is what
 * `${NAME}` stands for.
 */
export function readServiceConfig(file: string, env: NodeJS.ProcessEnv): ServiceConfigResult {
  const { config, problems, warnings } = inspectServiceConfig(file, env);
  return { config, problems, warnings };
}

/** As `readServiceConfig`, for whoever needs a configuration. Throws `CONFIG_INVALID` with all problems in the message. */
export function loadServiceConfig(
  file: string,
  env: NodeJS.ProcessEnv,
): { readonly config: ServiceConfig; readonly warnings: readonly Problem[] } {
  const { config, problems, warnings } = readServiceConfig(file, env);
  if (config !== undefined) return { config, warnings };
  const lines = problems.map(({ line, message }) => `\n  ${file}${line === 0 ? "" : `:${line}`}: ${message}`);
  throw new StakeoutError("CONFIG_INVALID", `The configuration has problems:${lines.join("")}`, {
    fields: { file, problems: problems.length },
  });
}

export function inspectServiceConfig(
  file: string,
  env: NodeJS.ProcessEnv,
  options: InspectOptions = {},
): InspectedConfig {
  const path = resolve(file);
  const settings = readSettingsFile(path, env);
  const parts = settings.readable ? new ServiceReader(path, settings).read(options) : undefined;
  const problems = settings.problems();
  return {
    file: path,
    config: parts === undefined || problems.length > 0 ? undefined : configOf(path, parts),
    problems,
    warnings: settings.warnings(),
    substituted: settings.substituted,
  };
}

class ServiceReader {
  readonly #file: string;
  readonly #settings: SettingsFile;
  readonly #sections: Sections;

  constructor(file: string, settings: SettingsFile) {
    this.#file = file;
    this.#settings = settings;
    this.#sections = sections(resolve(file, ".."));
  }

  read(options: InspectOptions): ServiceParts | undefined {
    const { content, problem, warning } = this.#settings;
    if (!isMap(content)) {
      problem([], "The file must be a map of settings, such as rules: rules.");
      return undefined;
    }
    this.#checkNames(content);
    const parts = this.#parts();
    const valueAt = (path: SettingPath): unknown => this.#valueAt(path);
    const file: ServiceFile = { file: this.#file, parts, valueAt, problem, warning };
    checkSecrets(file);
    checkReferences(file, options);
    return parts;
  }

  #checkNames(content: object): void {
    const known = [...Object.keys(this.#sections), "sources", "destinations"];
    for (const name of Object.keys(content)) {
      if (known.includes(name) || name.startsWith("x-") || name === "__proto__") continue;
      const { path, message } = unknownSetting([name], adviceFor(name, known));
      this.#settings.problem(path, message);
    }
  }

  #parts(): ServiceParts {
    const schemas = this.#sections;
    const folder = resolve(this.#file, "..");
    return {
      rules: this.#parse(schemas.rules, ["rules"]),
      logTypes: this.#parse(schemas.logTypes, ["logTypes"]),
      state: this.#parse(schemas.state, ["state"]),
      deadLetters: this.#parse(schemas.deadLetters, ["deadLetters"]),
      spool: this.#parse(schemas.spool, ["spool"]),
      http: this.#parse(schemas.http, ["http"]),
      // Without any of its settings, it is the token that is missing.
      admin: this.#parse(schemas.admin, ["admin"], {}),
      limits: this.#parse(schemas.limits, ["limits"]),
      batch: this.#parse(schemas.batch, ["batch"]),
      log: this.#parse(schemas.log, ["log"]),
      drain: this.#parse(schemas.drain, ["drain"]),
      sources: this.#named<Unnamed<ServiceSourceConfig>>("sources", sourceName, sourceKinds(folder)),
      destinations: this.#named<Unnamed<ServiceDestinationConfig>>(
        "destinations",
        destinationName,
        destinationKinds(folder),
      ),
    };
  }

  /** The members of a map by name, each of the kind that it says. */
  #named<Config>(
    section: "sources" | "destinations",
    namePattern: RegExp,
    kinds: Readonly<Record<string, z.ZodType<Config>>>,
  ): readonly (Config & { readonly name: string })[] {
    const members = this.#valueAt([section]);
    if (members === undefined) return [];
    if (!isMap(members)) {
      this.#settings.problem(
        [section],
        `${section} must be a map of names, such as ${section}: {main: {kind: …}}.`,
      );
      return [];
    }
    return Object.keys(members).flatMap((name) => {
      if (!namePattern.test(name)) {
        this.#settings.problem(
          [section, name],
          `${nameOf([section, name])} is not a usable name: ${nameAdvice[section]}.`,
        );
      }
      const schema = this.#kindOf([section, name], kinds);
      const config = schema === undefined ? undefined : this.#parse(schema, [section, name]);
      return config === undefined ? [] : [{ ...config, name }];
    });
  }

  #kindOf<Schema>(path: SettingPath, kinds: Readonly<Record<string, Schema>>): Schema | undefined {
    if (!isMap(this.#valueAt(path))) {
      this.#settings.problem(path, `${nameOf(path)} must be a map of settings, such as {kind: …}.`);
      return undefined;
    }
    const kind = this.#valueAt([...path, "kind"]);
    if (typeof kind === "string" && Object.hasOwn(kinds, kind)) return kinds[kind];
    const names = Object.keys(kinds);
    const meant = typeof kind === "string" ? nearest(kind, names) : undefined;
    const what = `${kind === undefined ? "is missing: it is" : "must be"} ${alternatives(names)}`;
    const advice = meant === undefined ? "." : `; did you mean ${meant}?`;
    const at = [...path, "kind"];
    this.#settings.problem(at, `${nameOf(at)} ${what}${advice}`);
    return undefined;
  }

  #parse<Value>(schema: z.ZodType<Value>, path: SettingPath, standard?: object): Value | undefined {
    const value = this.#valueAt(path);
    const result = schema.safeParse(value === undefined ? standard : value);
    if (result.success) return result.data;
    const findings = describeIssues(result.error.issues, path, (at) => this.#valueAt(at));
    for (const finding of findings) this.#settings.problem(finding.path, finding.message);
    return undefined;
  }

  #valueAt(path: SettingPath): unknown {
    let value = this.#settings.content;
    for (const key of path) {
      if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return undefined;
      value = (value as Readonly<Record<PropertyKey, unknown>>)[key];
    }
    return value;
  }
}

const nameAdvice = {
  sources: "letters, digits, -, _ and ., at most 64",
  destinations: "up to 100 characters, no blanks at its ends",
};

function configOf(file: string, parts: ServiceParts): ServiceConfig | undefined {
  const { rules, logTypes, state, spool, http, admin, limits, batch, log, drain } = parts;
  if (rules === undefined || logTypes === undefined || state === undefined || spool === undefined)
    return undefined;
  if (http === undefined || admin === undefined || limits === undefined || batch === undefined)
    return undefined;
  if (log === undefined || drain === undefined) return undefined;
  const besideState = state.replace(/\.(?:db|sqlite)$/, "");
  return {
    file,
    rules,
    logTypes,
    stateFile: state,
    deadLettersFile: parts.deadLetters ?? `${besideState}.dead-letters.jsonl`,
    spool: { ...spool, folder: spool.folder ?? `${besideState}.spool` },
    ingest: http,
    admin,
    sources: parts.sources,
    destinations: parts.destinations,
    limits,
    batch,
    log,
    drainMs: drain,
  };
}
