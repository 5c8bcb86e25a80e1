import { types } from "node:util";
import type { JsonObject } from "../../core/json.ts";
import { markEvaluation } from "../../state/evaluation.ts";
import type { RuleDefinition } from "../define.ts";
import type { RuleManifest } from "../manifest.ts";
import { byRuleId } from "../router.ts";
import {
  type AuxiliaryFunction,
  auxiliaryFunctions,
  type LoadedRule,
  type LoadResult,
  type RuleRuntime,
} from "../runtime.ts";
import { installEngineDate } from "./engine-date.ts";
import { loadDefinitions, type PrepareFile } from "./load-definitions.ts";

/**
 * Rules written in TypeScript or JavaScript, run by this very Node in the calling thread. From here on `Date` in this
 * thread answers the engine clock during an evaluation. Every `load` reads and runs the files afresh; what an earlier one
 * loaded goes on working, and stays in memory. `onFile` hears of each file that is about to run.
 */
export function createTypeScriptRuntime(onFile?: (path: string) => void): RuleRuntime {
  installEngineDate();
  return {
    language: "TypeScript",
    load: (paths) => loadRules(paths, undefined, onFile),
    close: () => undefined,
  };
}

/** Loads rules whose files `prepare`, where given, makes ready to run. `onFile` hears of each that is about to run. */
export async function loadRules(
  paths: readonly string[],
  prepare?: PrepareFile,
  onFile?: (path: string) => void,
): Promise<LoadResult> {
  const { definitions, problems, warnings } = await loadDefinitions(paths, prepare, onFile);
  const rules = definitions.map(({ definition, manifest, usesStandardFields }) =>
    toLoadedRule(definition, manifest, usesStandardFields),
  );
  return { rules: rules.sort(byRuleId), problems, warnings };
}

function toLoadedRule(
  definition: RuleDefinition,
  manifest: RuleManifest,
  usesStandardFields: boolean,
): LoadedRule {
  const functions = new Map<AuxiliaryFunction, LoadedRule["rule"]>();
  for (const name of auxiliaryFunctions) {
    if (typeof definition[name] === "function") functions.set(name, bind(definition, name));
  }
  return {
    manifest,
    functions: new Set(functions.keys()),
    usesStandardFields,
    tests: definition.tests,
    rule: bind(definition, "rule"),
    call: (name, event) => functions.get(name)?.(event),
  };
}

/**
 * A function of the definition, to be called with an event. It is looked up here and not in every call: each definition
 * has a shape of its own, so a look-up in code that all rules share would cost more than a simple rule does.
 */
function bind(definition: RuleDefinition, name: AuxiliaryFunction | "rule"): LoadedRule["rule"] {
  const authored = definition[name] as (this: RuleDefinition, fields: JsonObject) => unknown;
  if (!types.isAsyncFunction(authored)) return (event) => authored.call(definition, event.fields);
  return (event) => {
    markEvaluation();
    return authored.call(definition, event.fields);
  };
}
