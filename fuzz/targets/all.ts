import { csv, filter, logType, panther, ruleTests } from "./content.ts";
import { compressed, records, textRecords } from "./records.ts";
import type { Target } from "./target.ts";
import { duration, item, lock, position, wheel } from "./values.ts";

/** Every place where bytes from outside come in, by the name that `--target` takes. */
export const targets: Readonly<Record<string, Target>> = {
  records,
  "text-records": textRecords,
  compressed,
  "log-type": logType,
  panther,
  "rule-tests": ruleTests,
  csv,
  filter,
  item,
  position,
  duration,
  wheel,
  lock,
};
