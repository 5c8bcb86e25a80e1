import { cacheFolder, loadRules } from "../config/load-rules.ts";
import type { Problem } from "../core/errors.ts";
import { defaultLimits } from "../core/limits.ts";
import type { DetectionSpec, PantherContent } from "../rules/panther/content.ts";
import type { LoadProblem } from "../rules/panther/runtime.ts";
import type { LoadedRule } from "../rules/runtime.ts";
import type { TestInstrument } from "../rules/test-instrument.ts";
import { loadForTesting } from "../rules/typescript/test-instrument.ts";

export interface LoadForTestingOptions {
  /** Read tests in Panther's form as well. */
  readonly pantherTests: boolean;
  /** Let unknown keys in Panther's YAML pass. */
  readonly ignoreExtraKeys: boolean;
}

/** Rules of every language, with a look into them. */
export interface RulesForTesting {
  /** Those that can be asked, sorted by rule id. Python files are run when a rule is asked for the first time. */
  readonly rules: readonly LoadedRule[];
  readonly problems: readonly Problem[];
  readonly instrument: TestInstrument;
  readonly content: PantherContent | undefined;
  /** What Panther's YAML says of a rule; `undefined` for a rule in TypeScript. */
  specOf(ruleId: string): DetectionSpec | undefined;
  /** Runs the file of every Python rule. Answers what keeps rules from being asked. */
  loadAll(): readonly LoadProblem[];
}

/** Loads the rules of every language below these files and folders, for tests and explanations. */
export async function loadRulesForTesting(
  paths: readonly string[],
  options: LoadForTestingOptions,
): Promise<RulesForTesting> {
  let typeScript: TestInstrument | undefined;
  const loaded = await loadRules(paths, {
    limits: defaultLimits,
    cacheFolder: cacheFolder(),
    ...options,
    loadTypeScript: async (among) => {
      const { instrument, ...result } = await loadForTesting(among);
      typeScript = instrument;
      return result;
    },
  });
  const { panther } = loaded;
  const specs = new Map(panther.content?.detections.map((spec) => [spec.manifest.id, spec]));
  const python = panther.createInstrument();
  const instruments = [typeScript, python].filter((instrument) => instrument !== undefined);
  return {
    rules: withoutRepeatedIds(loaded.rules),
    problems: loaded.problems,
    instrument: new Instruments(instruments, (ruleId) => (specs.has(ruleId) ? python : typeScript)),
    content: panther.content,
    specOf: (ruleId) => specs.get(ruleId),
    loadAll: () => panther.loadAll(),
  };
}

/** Which of two rules is meant by an id, nobody can say. */
function withoutRepeatedIds(rules: readonly LoadedRule[]): readonly LoadedRule[] {
  const byId = Map.groupBy(rules, ({ manifest }) => manifest.id);
  return rules.filter(({ manifest }) => byId.get(manifest.id)?.length === 1);
}

/** The instruments of several languages as one. */
class Instruments implements TestInstrument {
  readonly #all: readonly TestInstrument[];
  readonly #of: (ruleId: string) => TestInstrument | undefined;

  constructor(all: readonly TestInstrument[], of: (ruleId: string) => TestInstrument | undefined) {
    this.#all = all;
    this.#of = of;
  }

  mockable(ruleId: string): ReadonlySet<string> {
    return this.#of(ruleId)?.mockable(ruleId) ?? new Set();
  }

  async isConstant(ruleId: string, name: string): Promise<boolean> {
    return (await this.#of(ruleId)?.isConstant(ruleId, name)) ?? false;
  }

  mock(ruleId: string, name: string, replacement: (...args: unknown[]) => unknown): void {
    this.#of(ruleId)?.mock(ruleId, name, replacement);
  }

  mockValue(ruleId: string, name: string, read: () => unknown): void {
    this.#of(ruleId)?.mockValue(ruleId, name, read);
  }

  clearMocks(): void {
    for (const instrument of this.#all) instrument.clearMocks();
  }

  watch(ruleId: string): Disposable {
    return this.#of(ruleId)?.watch(ruleId) ?? { [Symbol.dispose]: () => undefined };
  }

  startTrace(): void {
    for (const instrument of this.#all) instrument.startTrace();
  }

  takeTrace(): ReturnType<TestInstrument["takeTrace"]> {
    return this.#all.flatMap((instrument) => instrument.takeTrace());
  }
}
