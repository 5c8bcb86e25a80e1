import { cpSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";

import { readPantherContent } from "../../src/rules/panther/read-content.ts";

export interface RulesOfOneType {
  /** A temporary folder, for the caller to remove. */
  readonly folder: string;
  readonly rules: number;
}

/**
 * Copies of a Panther repository what the rules for one log type need, with every rule enabled, so that both sides run the
 * same rules. Rules that need Panther's servers to run, simple detections, are left out.
 */
export function copyRulesOf(logType: string, repository: string): RulesOfOneType {
  const content = readPantherContent([repository], { tests: false, ignoreExtraKeys: true });
  const folder = mkdtempSync(join(tmpdir(), "stakeout-bench-rules-"));
  const copy = (file: string): string => {
    const target = join(folder, relative(repository, file));
    mkdirSync(dirname(target), { recursive: true });
    cpSync(file, target);
    return target;
  };
  let rules = 0;
  for (const { kind, manifest, body } of content.detections) {
    if (kind !== "rule" || body.kind !== "python" || !manifest.logTypes.includes(logType)) continue;
    const yaml = copy(manifest.file);
    writeFileSync(yaml, readFileSync(yaml, "utf8").replace(/^Enabled:.*$/m, "Enabled: true"));
    copy(body.file);
    rules++;
  }
  for (const { yamlFile, file } of content.globals) {
    copy(yamlFile);
    copy(file);
  }
  for (const { yamlFile, file } of content.dataModels) {
    copy(yamlFile);
    if (file !== undefined) copy(file);
  }
  return { folder, rules };
}
