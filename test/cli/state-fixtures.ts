import { copyFileSync, readdirSync } from "node:fs";
import { join } from "node:path";

const histories = join(import.meta.dirname, "../histories");

/** Copies the state file of the newest version that is kept for tests to this place, and answers it. */
export function keptHistory(file: string): string {
  const newest = readdirSync(histories, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !entry.name.includes("format"))
    .map(({ name }) => name)
    .sort((left, right) => left.localeCompare(right, "en", { numeric: true }))
    .at(-1);
  copyFileSync(join(histories, newest ?? "", "state.sqlite"), file);
  return file;
}
