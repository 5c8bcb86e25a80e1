import { StakeoutError } from "../../core/errors.ts";
import type { LoadResult } from "../runtime.ts";
import { installEngineDate } from "./engine-date.ts";
import { importedNames, instrumentFile, type MockTable, traceHooks } from "./instrument.ts";
import { type ConditionRecord, ConditionTrace } from "./instrument-trace.ts";
import { addRuleModule } from "./rule-modules.ts";
import { loadRules } from "./runtime.ts";
import type { SourceFile } from "./source-file.ts";

export type { ConditionRecord } from "./instrument-trace.ts";

/**
 * A look into rules that were loaded for testing: what their conditions saw, and other functions in place of what they
 * import. It concerns all rules of one load, and one test at a time.
 */
export interface TestInstrument {
  /** Names that the rule's module imports, as the module calls them; not `defineRule`. Empty for an unknown rule. */
  mockable(ruleId: string): ReadonlySet<string>;
  /**
   * Has the rule's module use `replacement` wherever it uses this imported name, until `clearMocks`. Other modules, those that it
   * imports among them, go on with their own. Throws `NOT_FOUND` for a name that is not `mockable`.
   */
  mock(ruleId: string, name: string, replacement: (...args: unknown[]) => unknown): void;
  /** Like `mock` for an import that is no function: `read` answers the value wherever the module uses the name. */
  mockValue(ruleId: string, name: string, read: () => unknown): void;
  /** Ends every mock of every rule. */
  clearMocks(): void;
  /** Records every condition from here on; what an earlier trace recorded is forgotten. */
  startTrace(): void;
  /** Ends the trace. Conditions since `startTrace`, in the order in which they were decided; empty without a trace. */
  takeTrace(): readonly ConditionRecord[];
}

/**
 * Loads rules like the TypeScript runtime, with their conditions recorded and their imports replaceable. Slower than what
 * runs: for tests and explanations only.
 */
export async function loadForTesting(
  paths: readonly string[],
): Promise<LoadResult & { readonly instrument: TestInstrument }> {
  installEngineDate();
  const files = new InstrumentedFiles();
  const loaded = await loadRules(paths, (file) => files.add(file));
  const tables = new Map(loaded.rules.map(({ manifest }) => [manifest.id, files.tableOf(manifest.file)]));
  return { ...loaded, instrument: createInstrument(files, tables) };
}

/** The mocks that are possible in a file, and those that are in force. */
interface FileMocks {
  readonly names: ReadonlySet<string>;
  readonly table: MockTable;
}

function createInstrument(
  { trace }: InstrumentedFiles,
  mocks: ReadonlyMap<string, FileMocks | undefined>,
): TestInstrument {
  const tableFor = (ruleId: string, name: string): MockTable => {
    const file = mocks.get(ruleId);
    if (file?.names.has(name) === true) return file.table;
    throw new StakeoutError(
      "NOT_FOUND",
      `Rule ${ruleId} imports no ${name}, so there is nothing to replace.`,
    );
  };
  return {
    mockable: (ruleId) => mocks.get(ruleId)?.names ?? new Set(),
    mock: (ruleId, name, replacement) => {
      tableFor(ruleId, name)[name] = replacement;
    },
    mockValue: (ruleId, name, read) => {
      Object.defineProperty(tableFor(ruleId, name), name, {
        get: read,
        enumerable: true,
        configurable: true,
      });
    },
    clearMocks: () => {
      for (const file of mocks.values()) {
        for (const name of Object.keys(file?.table ?? {})) delete file?.table[name];
      }
    },
    startTrace: () => trace.start(),
    takeTrace: () => trace.take(),
  };
}

const instruments = Symbol.for("stakeout.instruments");

/** The files of one load, with what their code calls. */
class InstrumentedFiles {
  readonly trace: ConditionTrace = new ConditionTrace();
  readonly #tables: MockTable[] = [];
  readonly #byPath = new Map<string, FileMocks>();
  readonly #hooksUrl: string;

  constructor() {
    const slot = globalThis as { [instruments]?: unknown[] };
    slot[instruments] ??= [];
    const hooks = Object.fromEntries(traceHooks.map((name) => [name, this.trace[name]]));
    const number = slot[instruments].push({ ...hooks, mocks: this.#tables }) - 1;
    this.#hooksUrl = `stakeout:instrument/${number}`;
    const names = ["mocks", ...traceHooks].join(", ");
    const code = `export const { ${names} } = globalThis[Symbol.for("stakeout.instruments")][${number}];`;
    addRuleModule({ url: this.#hooksUrl, code });
  }

  add(file: SourceFile): SourceFile {
    const table: MockTable = Object.create(null);
    const mocks = this.#tables.push(table) - 1;
    this.#byPath.set(file.path, { names: new Set(importedNames(file.tree)), table });
    return instrumentFile(file, { trace: this.trace, mocks, hooksUrl: this.#hooksUrl });
  }

  tableOf(path: string): FileMocks | undefined {
    return this.#byPath.get(path);
  }
}
