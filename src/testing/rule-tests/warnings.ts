import type { TracedOperation } from "./model.ts";
import { isWrite } from "./tracing-operations.ts";

/** What a value that was missing looks like in a text that it was put into. */
const missing = /(?<![\p{L}\p{N}])(undefined|null|None|NaN)(?![\p{L}\p{N}])/u;

export interface KeyWarnings {
  readonly warnings: readonly string[];
  readonly writtenKeys: ReadonlySet<string>;
}

/** Looks at the keys that a rule used: one made from a missing field counts everybody together who lacks it. */
export function keyWarnings(operations: readonly TracedOperation[]): KeyWarnings {
  const warnings = new Set<string>();
  const writtenKeys = new Set<string>();
  for (const operation of operations) {
    const { key } = operation;
    if (isWrite(operation)) writtenKeys.add(key);
    const word = missing.exec(key)?.[1];
    if (word === undefined) continue;
    warnings.add(
      `the state key ${JSON.stringify(key)} contains ${word}: was it made from a field that the event lacks?`,
    );
  }
  return { warnings: [...warnings], writtenKeys };
}

/** Which rule wrote which key first in a run. All rules share one space of keys. */
export class KeyOwners {
  readonly #owners = new Map<string, string>();

  /** A warning for each key that another rule wrote before. */
  add(ruleId: string, keys: ReadonlySet<string>): readonly string[] {
    const warnings: string[] = [];
    for (const key of keys) {
      const owner = this.#owners.get(key);
      if (owner === undefined) this.#owners.set(key, ruleId);
      else if (owner !== ruleId) {
        warnings.push(
          `rule ${owner} writes the state key ${JSON.stringify(key)} too: begin keys with the rule's id`,
        );
      }
    }
    return warnings;
  }
}
