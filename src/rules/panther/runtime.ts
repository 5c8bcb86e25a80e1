import { readFileSync } from "node:fs";
import { messageOf, type Problem, StakeoutError } from "../../core/errors.ts";
import type { Event } from "../../core/event.ts";
import { installedPackages } from "../python/packages/installed.ts";
import { PythonError } from "../python/python-error.ts";
import { PythonRules, type PythonSource } from "../python/python-rules.ts";
import { byRuleId } from "../router.ts";
import type { AuxiliaryFunction, LoadedRule, LoadResult, RuleRuntime, RuleScan } from "../runtime.ts";
import type { TestInstrument } from "../test-instrument.ts";
import type { DetectionSpec, PantherContent } from "./content.ts";
import { compileFilter, compileSimple } from "./detection/compile.ts";
import { readPantherContent } from "./read-content.ts";
import { createPythonInstrument } from "./test-instrument.ts";

export interface PantherRuntimeOptions {
  /** Read the tests of detections as well, which takes longer than all the rest. */
  readonly tests: boolean;
  /** Let unknown keys in YAML pass. */
  readonly ignoreExtraKeys: boolean;
  readonly memoryBytesMax: number;
  /** Where a snapshot of the started interpreter may be kept; `undefined`: nowhere. */
  readonly cacheFolder: string | undefined;
}

export interface LoadProblem extends Problem {
  /** The rule that cannot be asked for it; `undefined` where all can. */
  readonly ruleId?: string;
}

/** The runtime for repositories in Panther's format: Python rules, simple detections, and what belongs to them. */
export interface PantherRuntime extends RuleRuntime {
  load(paths: readonly string[]): Promise<LoadResult>;
  /** What `load` read last. */
  readonly content: PantherContent | undefined;
  /** Loads every Python rule at once instead of when the first event of its log type comes, and says what is wrong. */
  loadAll(): readonly LoadProblem[];
  /** A look into the Python rules; `undefined` where there are none. */
  createInstrument(): TestInstrument | undefined;
}

export function createPantherRuntime(options: PantherRuntimeOptions): PantherRuntime {
  return new Runtime(options);
}

class Runtime implements PantherRuntime {
  readonly language = "Python";
  readonly #options: PantherRuntimeOptions;
  #content: PantherContent | undefined;
  #library: PythonLibrary | undefined;

  constructor(options: PantherRuntimeOptions) {
    this.#options = options;
  }

  get content(): PantherContent | undefined {
    return this.#content;
  }

  async load(paths: readonly string[]): Promise<LoadResult> {
    const content = readPantherContent(paths, this.#options);
    this.#content = content;
    const problems = [...content.problems];
    const needsPython = content.detections.some(({ body }) => body.kind === "python");
    if (needsPython) {
      const python = await PythonRules.start(this.#options);
      const packages = installedPackages(paths);
      problems.push(...packages.problems);
      for (const { file } of packages.wheels) python.addWheel(readFileSync(file));
      this.#library = new PythonLibrary(python, content);
    }
    const rules: LoadedRule[] = [];
    for (const [number, spec] of content.detections.entries()) {
      const rule = this.#toRule(spec, number, problems);
      if (rule !== undefined) rules.push(rule);
    }
    return { rules: rules.sort(byRuleId), problems, warnings: content.warnings };
  }

  loadAll(): readonly LoadProblem[] {
    return this.#library?.loadAll() ?? [];
  }

  createInstrument(): TestInstrument | undefined {
    const library = this.#library;
    if (library === undefined) return undefined;
    return createPythonInstrument({
      python: library.python,
      numberOf: (ruleId) => library.prepared(ruleId)?.number,
    });
  }

  close(): void {
    this.#library = undefined;
  }

  #toRule(spec: DetectionSpec, number: number, problems: Problem[]): LoadedRule | undefined {
    const { manifest, body, inlineFilters } = spec;
    const filter = inlineFilters && compileFilter(inlineFilters, problems);
    const common = { manifest, usesStandardFields: true };
    if (body.kind === "simple") {
      const simple = compileSimple(body.detection, body.extras, problems);
      if (simple === undefined) return undefined;
      return {
        ...common,
        functions: simple.functions,
        rule: ({ fields }) => (filter === undefined || filter(fields)) && simple.rule(fields),
        call: (name, { fields }) => simple.call(name, fields),
      };
    }
    return this.#library?.toRule(number, spec, filter);
  }
}

type Filter = (fields: Event["fields"]) => boolean;

/** The Python rules of one repository. Files are run when the first event needs them. */
class PythonLibrary {
  readonly python: PythonRules;
  readonly #content: PantherContent;
  readonly #rules = new Map<number, PythonRule>();
  readonly #numbers = new Map<string, number>();
  readonly #modelled = new Set<string>();

  constructor(python: PythonRules, content: PantherContent) {
    this.python = python;
    this.#content = content;
    for (const { id, file } of content.globals)
      python.addHelper(id, { path: file, source: readSource(file) });
    for (const table of content.lookupTables) {
      if (!table.enabled || table.rows === undefined || table.primaryKey === undefined) continue;
      const { name, primaryKey, rows, selectors } = table;
      python.addLookupTable({
        name,
        primaryKey,
        rows,
        selectors: selectors.map(({ logType, paths }) => ({ logType, paths })),
      });
    }
  }

  toRule(number: number, spec: DetectionSpec, filter: Filter | undefined): LoadedRule {
    const rule = new PythonRule(this.python, number, spec);
    this.#rules.set(number, rule);
    this.#numbers.set(spec.manifest.id, number);
    const loaded = (): PythonRule => {
      this.#prepare(rule);
      return rule;
    };
    return {
      manifest: spec.manifest,
      usesStandardFields: true,
      codeFiles: spec.body.kind === "python" ? [spec.body.file] : [],
      readsRecord: true,
      get functions() {
        return loaded().functions;
      },
      rule: (event) => (filter === undefined || filter(event.fields)) && loaded().ask(event),
      call: (name, event) => loaded().call(name, event),
      // A filter is asked on this side, so a rule that has one is called by itself.
      ...(filter === undefined ? { prepareScan: this.#prepareScan } : {}),
    };
  }

  loadAll(): readonly LoadProblem[] {
    const problems: LoadProblem[] = [];
    for (const rule of this.#rules.values()) {
      problems.push(...this.#prepare(rule));
      if (rule.broken !== undefined) problems.push(toProblem(rule.broken, rule.spec));
    }
    return problems;
  }

  /** A rule whose file has been run; `undefined` for an unknown one. */
  prepared(ruleId: string): PythonRule | undefined {
    const rule = this.#rules.get(this.#numbers.get(ruleId) ?? -1);
    if (rule !== undefined) this.#prepare(rule);
    return rule;
  }

  /** One function for all rules, because that is how the engine knows that they can be asked together. */
  readonly #prepareScan = (loadedRules: readonly LoadedRule[]): RuleScan => {
    const rules = loadedRules.map(({ manifest }) => this.#rules.get(this.#numbers.get(manifest.id) ?? -1));
    const numbers: number[] = [];
    for (const rule of rules) {
      if (rule === undefined) throw new TypeError("A scan was asked for with a rule of another runtime.");
      this.#prepare(rule);
      numbers.push(rule.number);
    }
    return new PythonScan(this.python, numbers);
  };

  /** Loads a rule and the data models of its log types, once. Answers what is wrong with the data models. */
  #prepare(rule: PythonRule): readonly Problem[] {
    if (rule.isLoaded) return [];
    const problems = rule.spec.manifest.logTypes.flatMap((logType) => this.#model(logType));
    rule.load();
    return problems;
  }

  #model(logType: string): readonly Problem[] {
    if (this.#modelled.has(logType)) return [];
    this.#modelled.add(logType);
    const model = this.#content.dataModels.find(
      ({ enabled, logTypes }) => enabled && logTypes.includes(logType),
    );
    if (model === undefined) return [];
    const failures = this.python.addDataModel({
      id: model.id,
      logTypes: [logType],
      mappings: model.mappings.map(({ name, path, method }) =>
        path === undefined ? { name, method: method ?? "" } : { name, path },
      ),
      methods: model.file === undefined ? undefined : { path: model.file, source: readSource(model.file) },
    });
    return failures.map(({ mapping, failure }) => {
      const { name, line } = model.mappings[mapping] ?? { name: "", line: 0 };
      const subject = name === "" ? `data model ${model.id}` : `data model ${model.id}: mapping ${name}`;
      return { file: model.yamlFile, line, message: `${subject}: ${failure.type}: ${failure.message}` };
    });
  }
}

/** One rule of a library. */
class PythonRule {
  readonly number: number;
  readonly spec: DetectionSpec;
  readonly #python: PythonRules;
  #functions: ReadonlySet<AuxiliaryFunction> = new Set();
  readonly #code: PythonSource;
  isLoaded = false;
  broken: Error | undefined;

  constructor(python: PythonRules, number: number, spec: DetectionSpec) {
    this.#python = python;
    this.number = number;
    this.spec = spec;
    const path = spec.body.kind === "python" ? spec.body.file : spec.manifest.file;
    // Read now, run later: what runs is what was there when the repository was loaded.
    this.#code = { path, source: readSource(path) };
  }

  get functions(): ReadonlySet<AuxiliaryFunction> {
    return this.#functions;
  }

  load(): void {
    this.isLoaded = true;
    const { manifest, kind } = this.spec;
    try {
      this.#functions = new Set(
        this.#python.load({ number: this.number, id: manifest.id, kind }, this.#code),
      );
    } catch (error) {
      if (error instanceof StakeoutError && error.code === "LANE_FAILED") throw error;
      this.broken = error instanceof Error ? error : new Error(messageOf(error));
    }
  }

  ask(event: Event): boolean {
    if (this.broken !== undefined) throw this.broken;
    return this.#python.ask(this.number, event);
  }

  call(name: AuxiliaryFunction, event: Event): unknown {
    return this.#python.call(this.number, name, event);
  }
}

/** Rules in a row that Python asks in one go. */
class PythonScan implements RuleScan {
  readonly #python: PythonRules;
  readonly #numbers: readonly number[];
  readonly #group: number;
  #thrown: { readonly error: unknown } | undefined;

  constructor(python: PythonRules, numbers: readonly number[]) {
    this.#python = python;
    this.#numbers = numbers;
    this.#group = python.openGroup(numbers);
  }

  next(event: Event, from: number): number {
    if (from >= this.#numbers.length) return from;
    this.#thrown = undefined;
    try {
      const { index, failed } = this.#python.scan(this.#group, from, event);
      if (failed) this.#thrown = { error: this.#python.failure(this.#numbers[index] ?? -1) };
      return index;
    } catch (error) {
      if (error instanceof StakeoutError && error.code === "LANE_FAILED") throw error;
      // The event itself could not be handed over, which each rule has to say for itself.
      this.#thrown = { error };
      return from;
    }
  }

  answer(): boolean {
    if (this.#thrown !== undefined) throw this.#thrown.error;
    return true;
  }
}

function readSource(file: string): string {
  return readFileSync(file, "utf8");
}

/** A file that cannot be loaded, as a problem of the line where it went wrong. */
function toProblem(error: Error, { manifest, body }: DetectionSpec): LoadProblem {
  const file = body.kind === "python" ? body.file : manifest.file;
  const failure = error instanceof PythonError ? error.failure : undefined;
  const place = failure === undefined || failure.file === "" ? { file, line: 0 } : failure;
  const message = `rule ${manifest.id} cannot be loaded: ${error.name}: ${error.message}`;
  return { file: place.file, line: place.line, message, ruleId: manifest.id };
}
