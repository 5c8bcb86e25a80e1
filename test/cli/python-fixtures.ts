import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** 2026-01-01T00:00:00Z */
const startMs = Date.UTC(2026, 0, 1);

/** Writes files, by their paths below the folder. */
export function writeFiles(folder: string, files: Readonly<Record<string, string>>): void {
  for (const [name, content] of Object.entries(files)) {
    const path = join(folder, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
  }
}

/** The files of a Python rule for CloudTrail events: its YAML, with more lines where wanted, and its code. */
export function pythonRule(id: string, code: string, more = ""): Readonly<Record<string, string>> {
  const name = id.toLowerCase().replaceAll(".", "_");
  return {
    [`rules/${name}.yml`]: `AnalysisType: rule\nRuleID: ${id}\nFilename: ${name}.py\nEnabled: true\nLogTypes: [AWS.CloudTrail]\nSeverity: Medium\n${more}`,
    [`rules/${name}.py`]: code,
  };
}

/** CloudTrail events as lines of JSON, a second apart, with fields of their own. */
export function cloudTrailLines(events: readonly Readonly<Record<string, unknown>>[]): string {
  const lines = events.map((fields, second) =>
    JSON.stringify({
      eventVersion: "1.08",
      eventTime: new Date(startMs + second * 1000).toISOString(),
      eventSource: "s3.amazonaws.com",
      eventName: "GetObject",
      ...fields,
    }),
  );
  return `${lines.join("\n")}\n`;
}
