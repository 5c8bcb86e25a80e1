import { backupStateFile } from "../state/sqlite/backup.ts";
import { writeText, type CommandIo, type Screen } from "./io.ts";
import { bytesOf, checkFileName } from "./state-file.ts";
import { formatBytes } from "./summary.ts";

export interface StateBackupOptions {
  readonly file: string;
  readonly target: string;
  readonly force: boolean;
  readonly json: boolean;
}

/** Copies the last commit of a state file, also while a run is going on. Answers 0. */
export async function backupStateCommand(options: StateBackupOptions, io: CommandIo): Promise<number> {
  const { file, target, force, json } = options;
  checkFileName(file);
  const line = progressLine(io.stderr);
  try {
    await backupStateFile({ file, target, replace: force, onProgress: line.show });
  } finally {
    line.clear();
  }
  const bytes = bytesOf(target);
  if (json) await writeText(io.stdout, `${JSON.stringify({ file, target, bytes })}\n`);
  else io.stderr.write(`Copied the last commit of ${file} to ${target} (${formatBytes(bytes)}).\n`);
  return 0;
}

interface ProgressLine {
  readonly show: (done: number, total: number) => void;
  readonly clear: () => void;
}

/** How much of it is done, on a terminal. */
function progressLine(screen: Screen): ProgressLine {
  let shown = "";
  const draw = (text: string): void => {
    if (screen.isTTY !== true || text === shown) return;
    shown = text;
    screen.write(`\r\u001B[K${text}`);
  };
  return {
    show: (done, total) => draw(`Copying: ${Math.floor((done / Math.max(1, total)) * 100)}%`),
    clear: () => draw(""),
  };
}
