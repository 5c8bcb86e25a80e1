import { StakeoutError } from "../../core/errors.ts";
import type { LoadResult } from "../runtime.ts";
import type { TestInstrument } from "../test-instrument.ts";
import { installEngineDate } from "./engine-date.ts";
import { isConstantImport } from "./imported-value.ts";
import { importedNames, instrumentFile, type MockTable, traceHooks } from "./instrument.ts";
import { ConditionTrace } from "./instrument-trace.ts";
import { addRuleModule } from "./rule-modules.ts";
import { loadRules } from "./runtime.ts";
import type { SourceFile } from "./source-file.ts";

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
  const mocks = new Map(loaded.rules.map(({ manifest }) => [manifest.id, files.mocksOf(manifest.file)]));
  return { ...loaded, instrument: createInstrument(files, mocks) };
}

/** The mocks that are possible in a file, and those that are in force. */
interface FileMocks {
  /** Absolute path of the file. */
  readonly path: string;
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
    isConstant: async (ruleId, name) => {
      const file = mocks.get(ruleId);
      return file !== undefined && (await isConstantImport(file.path, name));
    },
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
    // Every file of this load records its conditions whenever a trace is on.
    watch: () => ({ [Symbol.dispose]: () => undefined }),
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
    const { path, tree } = file;
    this.#byPath.set(path, { path, names: new Set(importedNames(tree)), table });
    return instrumentFile(file, { trace: this.trace, mocks, hooksUrl: this.#hooksUrl });
  }

  mocksOf(path: string): FileMocks | undefined {
    return this.#byPath.get(path);
  }
}
