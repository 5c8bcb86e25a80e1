import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough, Readable } from "node:stream";

import { onTestFinished } from "vitest";

import { main } from "../../src/cli/program.ts";

/** Where the wall clock of tests stands. */
export const wallMs: number = Date.UTC(2026, 2, 2, 12);

export interface CliOptions {
  readonly stdin?: string | Buffer;
  /** Whether the streams are a terminal. */
  readonly terminal?: boolean;
}

export interface CliResult {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs one command line with streams of its own. */
export async function cli(args: readonly string[], options: CliOptions = {}): Promise<CliResult> {
  const { stdin = "", terminal = false } = options;
  const stdout = createScreen(terminal);
  const stderr = createScreen(terminal);
  const status = await main(args, {
    stdin: Object.assign(Readable.from([Buffer.from(stdin)]), { isTTY: terminal }),
    stdout: stdout.screen,
    stderr: stderr.screen,
    clock: { nowMs: () => wallMs, monotonicMs: () => 0 },
  });
  return { status, stdout: stdout.text(), stderr: stderr.text() };
}

function createScreen(terminal: boolean): { screen: PassThrough & { isTTY: boolean }; text: () => string } {
  const chunks: Buffer[] = [];
  const screen = Object.assign(new PassThrough(), {
    isTTY: terminal,
    columns: 100,
    getColorDepth: () => 8,
    hasColors: () => terminal,
  });
  screen.on("data", (chunk: Buffer) => chunks.push(chunk));
  return { screen, text: () => Buffer.concat(chunks).toString() };
}

/** A folder that is gone when the test has ended. */
export function tempFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "stakeout-cli-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
