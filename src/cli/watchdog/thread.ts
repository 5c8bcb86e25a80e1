/** The thread that watches the main thread of a command: it looks whether what that is at ends in time. */
import { writeSync } from "node:fs";
import { type Debugger, Session } from "node:inspector";
import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import { workerData } from "node:worker_threads";

import { printable } from "../../core/text.ts";
import { Watched, type WatchdogData } from "./memory.ts";

const watched = new Watched((workerData as WatchdogData).memory);

const looksPerBudget = 10;
const lookMsMax = 500;
/** How long the main thread may take to stop where it is, and to end. */
const pauseMs = 1500;
const endMs = 3000;

let beat = -1;
let spentMs = 0;

/** Counts its own looks and reads no clock, so a process that was stopped or a machine that slept exceeds nothing. */
function look(lookMs: number): void {
  const { budgetMs } = watched;
  spentMs = watched.beat === beat && budgetMs > 0 ? spentMs + lookMs : 0;
  ({ beat } = watched);
  if (budgetMs > 0 && spentMs >= budgetMs) return endProcess(budgetMs);
  const nextMs = budgetMs > 0 ? Math.max(1, Math.min(lookMsMax, budgetMs / looksPerBudget)) : lookMsMax / 10;
  setTimeout(() => look(nextMs), nextMs);
}

/** Through the inspector, because nothing else reaches a thread that runs in a circle. */
function endProcess(budgetMs: number): void {
  const session = new Session();
  const urls = new Map<string, string>();
  let ended = false;
  const end = (place: string): void => {
    if (ended) return;
    ended = true;
    writeSync(2, messageOf(budgetMs, place));
    session.post("Runtime.evaluate", { expression: "setImmediate(() => process.exit(1))" });
    session.post("Runtime.terminateExecution");
    session.disconnect();
    // What waits for the operating system never gets there.
    setTimeout(() => process.kill(process.pid, "SIGKILL"), endMs);
  };
  session.connectToMainThread();
  session.on("Debugger.scriptParsed", ({ params }) => void urls.set(params.scriptId, params.url));
  session.on("Debugger.paused", ({ params }) => end(placeOf(params.callFrames, urls)));
  session.post("Debugger.enable");
  session.post("Debugger.pause");
  setTimeout(() => end(""), pauseMs);
}

const engineFolder = new URL("../..", import.meta.url).href;

/** Where code of rules is being run, as the end of a sentence. */
function placeOf(frames: readonly Debugger.CallFrame[], urls: ReadonlyMap<string, string>): string {
  for (const { location } of frames) {
    const url = urls.get(location.scriptId) ?? "";
    if (url.startsWith("wasm:")) return ", in Python code";
    if (!url.startsWith("file:") || url.startsWith(engineFolder) || url.includes("/node_modules/")) continue;
    return `, at ${relative(process.cwd(), fileURLToPath(url.split("?")[0] ?? url))}:${location.lineNumber + 1}`;
  }
  return "";
}

function messageOf(budgetMs: number, place: string): string {
  return (
    `stakeout: ${printable(watched.what)} has not ended after ${budgetMs / 1000} s${printable(place)}\n` +
    "Look there for a loop that does not end; --rule-budget allows more time. (RULE_BUDGET_EXCEEDED)\n"
  );
}

look(0);
