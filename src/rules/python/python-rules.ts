import { posix } from "node:path";

import { type Event, standardFieldNames } from "../../core/event.ts";
import type { JsonObject } from "../../core/json.ts";
import { currentEvaluation } from "../../state/evaluation.ts";
import type { AuxiliaryFunction } from "../runtime.ts";
import { ContextText } from "../context.ts";
import { bootPython, type PythonInterpreter, type PythonOptions } from "./boot.ts";
import { toHostFunction } from "./host-function.ts";
import { PythonInspection } from "./inspection.ts";
import { type PythonFailure, toError } from "./python-error.ts";
import { moduleNames } from "./module-names.ts";
import { readWheel } from "./packages/wheel.ts";
import { operate, type StateRequest } from "./state-bridge.ts";

/** What came of asking a rule; the values are those of `python/stakeout_engine/evaluate.py`. */
const matched = 1;
const failed = 2;

const pythonNames: Readonly<Partial<Record<AuxiliaryFunction, string>>> = { alertContext: "alert_context" };
const auxiliaryNames: Readonly<Record<string, AuxiliaryFunction>> = { alert_context: "alertContext" };

export interface PythonSource {
  /** What tracebacks call it: the file's absolute path. */
  readonly path: string;
  readonly source: string;
}

export interface DataModelSource {
  readonly id: string;
  readonly logTypes: readonly string[];
  readonly mappings: readonly { readonly name: string; readonly path?: string; readonly method?: string }[];
  readonly methods: PythonSource | undefined;
}

/** What keeps a mapping of a data model from working; `mapping` -1 concerns its file as a whole. */
export interface DataModelFailure {
  readonly mapping: number;
  readonly failure: PythonFailure;
}

/** The functions of `python/stakeout_engine/main.py` and of the two objects it hands out. */
interface Engine {
  connect(...host: readonly unknown[]): void;
  add_wheel(number: number, names: string): void;
  add_helper(name: string, path: string, source: string): boolean;
  add_lookup_table(text: string): void;
  add_data_model(text: string): string;
  load_rule(number: number, kind: string, path: string, source: string): string;
  open_group(numbers: string): number;
  names(number: number): string;
}

/** `python/stakeout_engine/printing.py`. */
interface Printing {
  connect(takeLine: unknown): void;
}

interface Evaluator {
  scan(group: number, start: number): number;
  ask(number: number): number;
  failure(): string;
  call(number: number, name: string): string;
  clear_mocks(): void;
}

/** A part of Python's memory that stays in its place until it is released. */
interface HeldBuffer {
  readonly data: Uint8Array;
  release(): void;
}

interface CurrentEvent {
  reserve(count: number): { getBuffer(type: "u8"): HeldBuffer; destroy(): void };
  begin(count: number, logType: string, standard: boolean): void;
}

/** Where `python/stakeout_engine/modules.py` looks for packages. */
const packagesFolder = "/lib/packages";

const encoder = new TextEncoder();

/**
 * Rules in one Python interpreter, by numbers that the caller gives them. Strictly one event at a time: rule modules keep
 * what they like in their globals between `rule` and `title`.
 */
export class PythonRules {
  readonly #interpreter: PythonInterpreter;
  readonly #engine: Engine;
  readonly #evaluator: Evaluator;
  readonly #current: CurrentEvent;
  readonly #ids = new Map<number, string>();
  readonly #wheels: Uint8Array[] = [];
  #held: HeldBuffer | undefined;
  #view: Uint8Array = new Uint8Array(0);
  #event: Event | undefined;

  private constructor(interpreter: PythonInterpreter) {
    this.#interpreter = interpreter;
    const engine = interpreter.pyodide.pyimport("stakeout_engine.main") as Engine & {
      evaluator(): Evaluator;
      current(): CurrentEvent;
    };
    engine.connect(
      toHostFunction((...[operation, key, argument, expires, rule]) =>
        this.#operate(Number(rule), { operation, key, argument, expires }),
      ),
      toHostFunction((name) => this.#standardField(String(name))),
      toHostFunction((wheel) => {
        this.#unpack(Number(wheel));
        return undefined;
      }),
    );
    const printing = interpreter.pyodide.pyimport("stakeout_engine.printing") as unknown as Printing;
    printing.connect(toHostFunction((line) => printLine(String(line))));
    this.#engine = engine;
    this.#evaluator = engine.evaluator();
    this.#current = engine.current();
  }

  static async start(options: PythonOptions): Promise<PythonRules> {
    return new PythonRules(await bootPython(options));
  }

  /** Makes a module importable. False for a name that the engine provides itself: its own stays. */
  addHelper(name: string, { path, source }: PythonSource): boolean {
    return this.#engine.add_helper(name, path, source);
  }

  /** Replaces the data models of its log types. */
  addDataModel({ methods, ...spec }: DataModelSource): readonly DataModelFailure[] {
    const text = this.#engine.add_data_model(JSON.stringify({ ...spec, ...methods }));
    const failures = JSON.parse(text) as readonly (readonly [number, PythonFailure])[];
    return failures.map(([mapping, failure]) => ({ mapping, failure }));
  }

  /** Makes the modules of a wheel importable; its files are put in place when the first of them is imported. */
  addWheel(bytes: Uint8Array): void {
    const number = this.#wheels.push(bytes) - 1;
    this.#engine.add_wheel(number, JSON.stringify(moduleNames(bytes)));
  }

  addLookupTable(table: JsonObject): void {
    this.#engine.add_lookup_table(JSON.stringify(table));
  }

  /** Runs the file of a rule. Throws what it raises. Answers the auxiliary functions that it defines. */
  load(
    rule: { readonly number: number; readonly id: string; readonly kind: string },
    code: PythonSource,
  ): AuxiliaryFunction[] {
    this.#ids.set(rule.number, rule.id);
    const text = this.#engine.load_rule(rule.number, rule.kind, code.path, code.source);
    const loaded = JSON.parse(text) as { functions: string[] } | { error: PythonFailure };
    if ("error" in loaded) throw toError(JSON.stringify(loaded.error), `Rule ${rule.id}: `);
    return loaded.functions.map((name) => auxiliaryNames[name] ?? (name as AuxiliaryFunction));
  }

  /** Makes a list of loaded rules that `scan` can be asked for. */
  openGroup(numbers: readonly number[]): number {
    return this.#engine.open_group(JSON.stringify(numbers));
  }

  /** Asks the rules of a group from number `from` on; the number of the first that did not answer false, or their count. */
  scan(group: number, from: number, event: Event): { readonly index: number; readonly failed: boolean } {
    const code = this.#alive(() => {
      this.#begin(event);
      return this.#evaluator.scan(group, from);
    });
    return { index: code >> 2, failed: (code & 3) === failed };
  }

  /** Asks one rule. Throws what it raises, and for an answer that is no boolean. */
  ask(number: number, event: Event): boolean {
    const code = this.#alive(() => {
      this.#begin(event);
      return this.#evaluator.ask(number);
    });
    if (code === failed) throw this.failure(number);
    return code === matched;
  }

  /** Why the rule failed that `scan` or `ask` stopped at last. */
  failure(number: number): Error {
    return toError(this.#evaluator.failure(), `Rule ${this.#ids.get(number) ?? ""}: `);
  }

  /** Calls another function of a rule. Throws what it raises. */
  call(number: number, name: AuxiliaryFunction, event: Event): unknown {
    const answer = this.#alive(() => {
      this.#begin(event);
      return this.#evaluator.call(number, pythonNames[name] ?? name);
    });
    const rest = answer.slice(1);
    switch (answer.charAt(0)) {
      case "s":
        return rest;
      case "j":
        return name === "alertContext" ? new ContextText(rest) : JSON.parse(rest);
      case "e":
        throw toError(rest, `Rule ${this.#ids.get(number) ?? ""}: `);
      default:
        return null;
    }
  }

  /** Ends every mock of every rule; `inspect` makes them. */
  clearMocks(): void {
    this.#evaluator.clear_mocks();
  }

  /** Names in the namespace of the rule's module. */
  names(number: number): ReadonlySet<string> {
    return new Set(JSON.parse(this.#engine.names(number)) as string[]);
  }

  /** A look into these rules, for tests and explanations. */
  inspect(): PythonInspection {
    return new PythonInspection(this.#interpreter);
  }

  /** Calls Python. Throws `LANE_FAILED` when the interpreter has died of it, such as for want of memory. */
  #alive<T>(act: () => T): T {
    try {
      return act();
    } catch (error) {
      throw this.#interpreter.fatal() ?? error;
    }
  }

  #begin(event: Event): void {
    if (event === this.#event) return;
    this.#event = undefined;
    const bytes = event.record ?? encoder.encode(JSON.stringify(event.fields));
    if (this.#view.length < bytes.length) this.#reserve(bytes.length);
    // The view is an object of Python's realm; its own methods are not relied on.
    Uint8Array.prototype.set.call(this.#view, bytes);
    // The engine gives standard fields by making the fields inherit them.
    const standard = Object.getPrototypeOf(event.fields) !== Object.prototype;
    this.#event = event;
    this.#current.begin(bytes.length, event.logType, standard);
  }

  /** Puts the files of a wheel where Python looks for packages. */
  #unpack(number: number): void {
    const wheel = this.#wheels[number];
    if (wheel === undefined) return;
    const { FS: files } = this.#interpreter.pyodide;
    for (const [name, content] of readWheel(wheel)) {
      const path = `${packagesFolder}/${name}`;
      files.mkdirTree(posix.dirname(path));
      files.writeFile(path, content);
    }
  }

  /** A view of Python's memory where the next event goes. It is void once that memory has grown, or is too small. */
  #reserve(count: number): void {
    this.#held?.release();
    const buffer = this.#current.reserve(count);
    this.#held = buffer.getBuffer("u8");
    this.#view = this.#held.data;
    buffer.destroy();
  }

  #standardField(name: string): string {
    const fields = this.#event?.fields;
    if (fields === undefined) return "";
    if (name !== "") return standardFieldNames.has(name) ? JSON.stringify(fields[name] ?? null) : "";
    const all = [...standardFieldNames].map((field) => [field, fields[field]]);
    return JSON.stringify(Object.fromEntries(all.filter(([, value]) => value !== undefined)));
  }

  /** In a scan, several rules share the evaluation that the engine began: each gets its own once it uses state. */
  #operate(rule: number, asked: StateRequest): string {
    const evaluation = currentEvaluation();
    const ruleId = this.#ids.get(rule);
    if (evaluation !== undefined && ruleId !== undefined && evaluation.ruleId !== ruleId) {
      const { position, nowMs } = evaluation;
      evaluation.end();
      evaluation.begin(ruleId, position, nowMs);
    }
    return operate(asked);
  }
}

/** What Python rules print goes where what TypeScript rules print goes. */
function printLine(line: string): undefined {
  // oxlint-disable-next-line eslint/no-console -- it is the rule that prints
  console.log(line);
}
