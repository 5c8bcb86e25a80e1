import { loadContent } from "../config/build.ts";
import { renderProblems } from "./problems.ts";

export interface CheckOptions {
  readonly rules: readonly string[];
  readonly logTypesDir: readonly string[];
  readonly json: boolean;
}

/**
 * Loads everything, reports everything that is wrong, runs nothing. Exit status: 0 valid, 2 problems. With `json` one
 * object `{rules, disabled, logTypes, problems, warnings}` on standard output.
 */
export async function checkCommand(options: CheckOptions): Promise<number> {
  const content = await loadContent({ rules: options.rules, logTypes: options.logTypesDir });
  const enabled = content.rules.filter((rule) => rule.manifest.enabled);
  const disabled = content.rules.length - enabled.length;
  const status = content.problems.length > 0 ? 2 : 0;
  if (options.json) {
    const report = {
      rules: enabled.map((rule) => rule.manifest.id),
      disabled,
      logTypes: content.logTypes.names,
      problems: content.problems,
      warnings: content.warnings,
    };
    process.stdout.write(`${JSON.stringify(report)}\n`);
    return status;
  }
  if (content.warnings.length > 0) process.stderr.write(`Warnings:\n${renderProblems(content.warnings)}`);
  if (content.problems.length > 0) {
    process.stderr.write(renderProblems(content.problems));
  } else {
    const off = disabled === 0 ? "" : ` (and ${disabled} disabled)`;
    const types = new Set(enabled.flatMap((rule) => rule.manifest.logTypes)).size;
    process.stdout.write(`${enabled.length} rules${off} for ${types} log types: no problems.\n`);
  }
  return status;
}
