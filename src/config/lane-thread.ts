/** The module that runs in a lane's own thread: builds the lane from its configuration, runs it, reports to the main thread. */
import { parentPort, workerData } from "node:worker_threads";

import { messageOf, StakeoutError } from "../core/errors.ts";
import { LaneControl } from "../engine/control.ts";
import type {
  LaneMessage,
  LaneResume,
  LaneThreadData,
  RuleInfo,
  SupervisorMessage,
  ThrownMessage,
} from "../engine/lane-messages.ts";
import type { LaneCommit, LaneParts } from "../engine/lane-parts.ts";
import { Lane } from "../engine/lane.ts";
import { PrintLimit } from "../engine/print-limit.ts";
import type { RuleManifest } from "../rules/manifest.ts";
import { stdinSourceId } from "../sources/stdin/source.ts";
import { currentEvaluation } from "../state/evaluation.ts";
import { buildLane, loadContent } from "./build.ts";
import { LaneServiceLink, serviceCommit } from "./lane-service.ts";
import type { RunConfig } from "./run-config.ts";

const port = parentPort;
if (port === null) throw new Error("lane-thread.ts runs only as a worker thread");

const waitingWrites = new Map<number, PromiseWithResolvers<void>>();
let writes = 0;
let lane: Lane | undefined;
let parts: LaneParts | undefined;
let isService = false;
/** What came before the lane was there. */
const early: SupervisorMessage[] = [];
const link = new LaneServiceLink(send);
/** Resolves when the lane may open what it stores and reads. */
const going = Promise.withResolvers<LaneResume>();
let prints: PrintLimit | undefined;

function send(message: LaneMessage): void {
  port?.postMessage(message);
}

port.on("message", (message: SupervisorMessage) => {
  if (message.type === "wake") void lane?.wake();
  else if (message.type === "go") going.resolve(message.resume);
  else if (message.type === "written") written(message);
  else if (lane !== undefined && parts !== undefined) link.take(message, lane, parts);
  // Somebody waits for the answer. Everything else that is lost here the lane finds out by itself.
  else if (message.type === "command") early.push(message);
});

function written({ id, error }: Extract<SupervisorMessage, { type: "written" }>): void {
  const waiting = waitingWrites.get(id);
  waitingWrites.delete(id);
  if (error === undefined) waiting?.resolve();
  else waiting?.reject(new StakeoutError("OUTPUT_UNWRITABLE", error));
}

/** Prints through the main thread, which owns the terminal; resolves when it is printed. */
function write(text: string): Promise<void> {
  const id = ++writes;
  const waiting = Promise.withResolvers<void>();
  waitingWrites.set(id, waiting);
  send({ type: "output", id, text });
  return waiting.promise;
}

function describeThrown(error: unknown): ThrownMessage {
  const known = error instanceof StakeoutError ? error : undefined;
  return {
    code: known?.code,
    message: messageOf(error),
    stack: error instanceof Error ? (error.stack ?? error.message) : String(error),
    fields: known?.fields ?? {},
  };
}

/** An error outside everything that the lane waits for: a rule's, or a defect of the engine, which ends the run. */
function takeStray(error: unknown): void {
  if (lane?.takeStray(error) === true) return;
  send({ type: "failed", error: describeThrown(error) });
  process.exit(1);
}

process.on("unhandledRejection", takeStray);
process.on("uncaughtException", takeStray);

function tellCommit(commit: LaneCommit): void {
  prints?.flush();
  const { positions, records: _, ...committed } = commit;
  const stdin = positions.find(({ source }) => source === stdinSourceId);
  const service = isService && parts !== undefined ? serviceCommit(commit, parts) : undefined;
  const message = { type: "committed", ...committed, progressed: positions.length > 0, stdin } as const;
  send(service === undefined ? message : { ...message, service });
}

function ruleInfo({ id, displayName, severity }: RuleManifest): RuleInfo {
  return { id, name: displayName ?? id, severity };
}

async function main(data: LaneThreadData): Promise<void> {
  // The configuration is built by this package's own command line; crossing the threads keeps its form.
  const config = data.config as unknown as RunConfig;
  isService = config.service !== undefined;
  const control = new LaneControl(data.control);
  prints = new PrintLimit({
    bytesMax: config.limits.printBytesMax,
    position: () => currentEvaluation()?.position,
  });
  for (const stream of [process.stdout, process.stderr]) prints.attach(stream);
  const content = await loadContent(config, (file) => control.beginLoading(file));
  control.endBusy();
  for (const { file, line, message } of content.warnings) {
    send({ type: "warning", message: line === 0 ? `${file}: ${message}` : `${file}:${line}: ${message}` });
  }
  if (content.problems.length > 0) {
    send({ type: "invalid", problems: content.problems });
    return;
  }
  send({ type: "loaded", rules: content.rules.map(({ manifest }) => ruleInfo(manifest)) });
  parts = await buildLane(config, content, {
    control,
    resume: data.resume ?? (await going.promise),
    stdin: process.stdin,
    write,
    warn: link.warn,
    onCommit: tellCommit,
    service: link,
  });
  lane = new Lane(parts);
  for (const message of early) link.take(message, lane, parts);
  const manifests = parts.rules.map(({ manifest }) => manifest);
  const ruleIds = manifests.map(({ id }) => id);
  const own = manifests.some(({ budgetMs }) => budgetMs !== undefined);
  send({
    type: "ready",
    ruleIds,
    // Without any, the main thread goes on watching as before.
    ...(own ? { budgetsMs: manifests.map(({ budgetMs }) => budgetMs) } : {}),
  });
  send({ type: "done", result: await lane.run() });
}

try {
  await main(workerData as LaneThreadData);
} catch (error) {
  send({ type: "failed", error: describeThrown(error) });
} finally {
  port.close();
}
