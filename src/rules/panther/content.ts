import type { Problem } from "../../core/errors.ts";
import type { JsonObject, JsonValue } from "../../core/json.ts";
import type { RuleManifest } from "../manifest.ts";

/** Everything that a Panther repository holds, read and checked, nothing run. Lists are sorted by id, code unit by code unit. */
export interface PantherContent {
  /** Rules, scheduled rules and policies; disabled ones included. */
  readonly detections: readonly DetectionSpec[];
  readonly globals: readonly GlobalSpec[];
  readonly dataModels: readonly DataModelSpec[];
  readonly lookupTables: readonly LookupTableSpec[];
  readonly packs: readonly PackSpec[];
  /** Recognised only: nothing runs them yet. Each is also among the warnings. */
  readonly correlationRules: readonly CorrelationRuleSpec[];
  /** Files of any kind that were read, for watching and for telling a folder without content. */
  readonly files: readonly string[];
  /** What is wrong, all at once, by file and line. Specs that have a problem are left out of the lists. */
  readonly problems: readonly Problem[];
  readonly warnings: readonly Problem[];
}

export type DetectionKind = "rule" | "scheduled_rule" | "policy";

export interface DetectionSpec {
  readonly kind: DetectionKind;
  /**
   * `file` and `line` are those of the YAML. Log types are `LogTypes`, of a scheduled rule its `ScheduledQueries`, of a policy
   * its `ResourceTypes`, each with `Resource.` before it (`Resource.*` where it names none).
   */
  readonly manifest: RuleManifest;
  readonly body: DetectionBody;
  /** `InlineFilters`, compiled later; `undefined` where there are none. */
  readonly inlineFilters: YamlPart | undefined;
  readonly tests: readonly PantherTest[];
  /** `Status` as written, for filters. */
  readonly status: string;
  /** Every top-level key as written, without `Tests`: what `--filter KEY=VALUE` looks at. */
  readonly fields: JsonObject;
}

export type DetectionBody =
  | { readonly kind: "python"; readonly file: string }
  | { readonly kind: "simple"; readonly detection: YamlPart; readonly extras: SimpleExtras };

/** The keys of a simple detection besides `Detection`. */
export interface SimpleExtras {
  readonly alertTitle: string | undefined;
  readonly alertContext: YamlPart | undefined;
  readonly groupBy: YamlPart | undefined;
  readonly dynamicSeverities: YamlPart | undefined;
}

/** A part of a YAML file as plain values, with the way back to its lines. */
export interface YamlPart {
  readonly file: string;
  readonly value: JsonValue;
  /** The line of what stands at this path inside the part; of the nearest thing around it when there is no such thing. */
  lineOf(path: readonly (string | number)[]): number;
}

export interface PantherTest {
  readonly name: string;
  /** `ExpectedResult`: what `rule` or `policy` must answer. */
  readonly expected: boolean;
  /** `Log` or `Resource` as JSON text that keeps what YAML wrote: 1.0 stays a float, large integers stay exact. */
  readonly json: string;
  /** The same as values. */
  readonly fields: JsonObject;
  /** `p_log_type` of the log where it has one, else the detection's first log type. */
  readonly logType: string;
  readonly mocks: readonly PantherMock[];
  readonly line: number;
}

export interface PantherMock {
  /** A name in the namespace of the rule's module. */
  readonly objectName: string;
  readonly returnValue: JsonValue;
}

/** A helper module that rules import under `id`. */
export interface GlobalSpec {
  readonly id: string;
  /** Absolute path of the Python file. */
  readonly file: string;
  readonly yamlFile: string;
}

export interface DataModelSpec {
  readonly id: string;
  readonly yamlFile: string;
  readonly enabled: boolean;
  readonly logTypes: readonly string[];
  readonly mappings: readonly {
    readonly name: string;
    /** Exactly one of the two. */
    readonly path: string | undefined;
    readonly method: string | undefined;
    readonly line: number;
  }[];
  /** Absolute path of the Python file with the methods. */
  readonly file: string | undefined;
}

export interface LookupTableSpec {
  readonly name: string;
  readonly yamlFile: string;
  readonly enabled: boolean;
  /** Where rows come from: a file beside the YAML, or somewhere that only Panther's servers reach (a warning says so). */
  readonly rows: readonly JsonObject[] | undefined;
  /** `LogTypeMap`. */
  readonly primaryKey: string | undefined;
  readonly selectors: readonly { readonly logType: string; readonly paths: readonly string[] }[];
}

export interface PackSpec {
  readonly id: string;
  readonly yamlFile: string;
  /** Ids of the detections and others that belong to it. */
  readonly ids: readonly string[];
}

export interface CorrelationRuleSpec {
  readonly id: string;
  readonly yamlFile: string;
  readonly tests: number;
}
