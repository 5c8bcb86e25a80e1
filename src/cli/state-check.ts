import { isoTime } from "../alerts/record.ts";
import { type ErrorCode, StakeoutError } from "../core/errors.ts";
import { defaultLimits } from "../core/limits.ts";
import { printable } from "../core/text.ts";
import { checkStateFile, type StateCheck } from "../state/sqlite/check.ts";
import { paint, writeText, type CommandIo } from "./io.ts";
import { ownerChecks } from "./state-check-entries.ts";
import { bytesOf, checkFileName } from "./state-file.ts";
import { count, formatBytes } from "./summary.ts";

export interface StateCheckCommandOptions {
  readonly file: string;
  readonly json: boolean;
}

/** Enough to see what has happened to a file. */
const problemsMax = 100;

/** Of files that are damaged so much that they cannot be opened, which is what this command is to find out. */
const damageCodes: ReadonlySet<ErrorCode> = new Set(["STATE_FILE_UNUSABLE", "STATE_FILE_NOT_A_DATABASE"]);

/** Looks for damage in a state file, also while a run is going on. Answers 0, or 1 when there is any. */
export async function checkStateCommand(options: StateCheckCommandOptions, io: CommandIo): Promise<number> {
  const { file } = options;
  checkFileName(file);
  const check = checked(file);
  const text = options.json ? `${JSON.stringify(reportOf(file, check))}\n` : render(file, check);
  await writeText(io.stdout, text);
  if (check.problems.length === 0) return 0;
  if (!options.json) io.stderr.write(`${paint(io.stderr, "red", adviceOn(file, check))}\n`);
  return 1;
}

function checked(file: string): StateCheck {
  try {
    return checkStateFile({ file, limits: defaultLimits, owners: ownerChecks, problemsMax });
  } catch (error) {
    if (!(error instanceof StakeoutError) || !damageCodes.has(error.code)) throw error;
    const counts = { items: 0, journalRows: 0, entries: 0, positions: 0 };
    const problems = [
      { where: "the file", message: `cannot be opened: ${error.message.replace(/\.$/, "")}` },
    ];
    return { problems, more: false, counts, schemaVersion: 0, clockMs: 0 };
  }
}

function reportOf(file: string, { problems, more, counts, schemaVersion, clockMs }: StateCheck): object {
  return {
    file,
    ok: problems.length === 0,
    problems,
    more,
    format: schemaVersion,
    engineClock: isoTime(clockMs),
    ...counts,
    bytes: bytesOf(file),
  };
}

function render(file: string, { problems, counts, schemaVersion, clockMs }: StateCheck): string {
  if (problems.length > 0) {
    return problems.map(({ where, message }) => `${printable(`${where}: ${message}`)}\n`).join("");
  }
  const { items, journalRows, entries, positions } = counts;
  const found = [
    count(items, "folded key"),
    count(journalRows, "journal row"),
    `${entries.toLocaleString("en-US")} ${entries === 1 ? "entry" : "entries"}`,
    count(positions, "position"),
  ];
  const clock = clockMs === 0 ? "no run yet" : `engine clock ${isoTime(clockMs)}`;
  return `${file}: no problems in ${found.join(", ")} (${formatBytes(bytesOf(file))}, format ${schemaVersion}, ${clock}).\n`;
}

function adviceOn(file: string, { problems, more }: StateCheck): string {
  const found = `${problems.length}${more ? " or more" : ""} problem${problems.length === 1 ? "" : "s"}`;
  return `stakeout: ${found} in ${file}. Restore it from a copy that "stakeout state backup" made, or begin a new one.`;
}
