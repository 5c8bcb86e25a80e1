import { beforeAll } from "vitest";

import type { Event } from "../../../../src/core/event.ts";
import type { JsonObject } from "../../../../src/core/json.ts";
import { PythonRules } from "../../../../src/rules/python/python-rules.ts";

/** One interpreter for the tests of a file. */
export interface PythonFile {
  readonly rules: PythonRules;
  /** Loads a rule from its source; answers its number. Its file is called `/rules/NUMBER.py`. */
  readonly load: (source: string, kind?: string) => number;
  /** What an expression about `event` comes to, as Python's `repr` shows it, or `Class: message` of what it raised. */
  readonly shows: (expression: string, event: Event) => string;
}

/** Starts Python once for the tests of a file. */
export function withPythonRules(): () => PythonFile {
  let file: PythonFile | undefined;
  beforeAll(async () => {
    const rules = await PythonRules.start({ memoryBytesMax: 512 * 2 ** 20, cacheFolder: undefined });
    let number = 0;
    const load = (source: string, kind = "rule"): number => {
      number += 1;
      rules.load({ number, id: `Rule.${number}`, kind }, { path: `/rules/${number}.py`, source });
      return number;
    };
    const shows = (expression: string, event: Event): string => {
      const source = `import copy, json\nfrom collections.abc import Mapping, Sequence\n\ndef rule(event):\n    return True\n\ndef title(event):\n    return repr(${expression})\n`;
      try {
        return String(rules.call(load(source), "title", event));
      } catch (error) {
        return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
      }
    };
    file = { rules, load, shows };
  });
  return () => {
    if (file === undefined) throw new Error("Python has not started");
    return file;
  };
}

export interface EventOptions {
  readonly logType?: string;
  /** JSON text in place of the fields. */
  readonly json?: string;
}

/** An event of these fields. */
export function eventOf(fields: JsonObject, { logType = "Test.Log", json }: EventOptions = {}): Event {
  return {
    kind: "event",
    logType,
    timeMs: undefined,
    fields: json === undefined ? fields : (JSON.parse(json) as JsonObject),
    position: { source: "test", stream: "events", offset: 0 },
    ...(json === undefined ? {} : { record: new TextEncoder().encode(json) }),
  };
}
