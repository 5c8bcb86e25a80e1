import type { Problem } from "../../core/errors.ts";
import type { DataModelSpec } from "./content.ts";
import type { Entry } from "./fields.ts";

/** Those of the entries whose id no other one has. Each of the others is a problem that names another one's place. */
export function withoutRepeatedIds<T>(
  entries: readonly Entry<T>[],
  problems: Problem[],
): readonly Entry<T>[] {
  const byId = Map.groupBy(entries, ({ id }) => id);
  return entries.filter((entry) => {
    const other = byId.get(entry.id)?.find((candidate) => candidate !== entry);
    if (entry.id === "" || other === undefined) return true;
    const message = `the id ${entry.id} is used in ${other.file}:${other.line} too`;
    problems.push({ file: entry.file, line: entry.line, message });
    return false;
  });
}

/** Those of the data models that no other enabled one shares a log type with, since an event can only have one. */
export function withoutSharedLogTypes(
  entries: readonly Entry<DataModelSpec>[],
  problems: Problem[],
): readonly Entry<DataModelSpec>[] {
  const enabled = entries.filter(({ spec }) => spec?.enabled === true);
  return entries.filter((entry) => {
    if (!enabled.includes(entry)) return true;
    const logTypes = new Set(entry.spec?.logTypes);
    for (const other of enabled) {
      const shared =
        other === entry ? undefined : other.spec?.logTypes.find((logType) => logTypes.has(logType));
      if (shared === undefined) continue;
      const place = `${other.id} in ${other.file}:${other.line}`;
      const message = `data model ${entry.id}: ${shared} has another enabled data model, ${place}; disable one of them`;
      problems.push({ file: entry.file, line: entry.line, message });
      return false;
    }
    return true;
  });
}
