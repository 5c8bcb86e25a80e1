import { extname } from "node:path";

import { loadServiceConfig } from "../config/service-file/read-service-config.ts";
import type { ServiceConfig } from "../config/service-config.ts";
import { systemClock, systemTimer } from "../core/clock.ts";
import { createLog, type Log } from "../service/log.ts";
import { Service } from "../service/service.ts";
import { type CommandIo, showsColor, writeText } from "./io.ts";
import { renderProblems } from "./problems.ts";
import { ServiceSignals } from "./serve/signals.ts";
import { testProblems } from "./serve/test-rules.ts";
import { watchContent } from "./serve/watch-content.ts";
import { endStuckProcess } from "./stuck.ts";
import { readVersion } from "./version.ts";

export interface ServeOptions {
  readonly config: string;
}

/** Runs a service until it is told to stop. Answers the exit status: 0 stopped, 1 it could not go on, 2 invalid rules. */
export async function serveCommand({ config: file }: ServeOptions, io: CommandIo): Promise<number> {
  const { config, warnings } = loadServiceConfig(file, process.env);
  const log = createLog({
    ...config.log,
    stream: io.stderr,
    isTTY: io.stderr.isTTY === true,
    color: showsColor(io.stderr),
    clock: systemClock,
  });
  for (const { line, message } of warnings) log.warn({ line }, message);
  using signals = new ServiceSignals({ drainMs: config.drainMs, log });
  const { rules, logTypes } = config;
  // Before anything is loaded, or a change made meanwhile would go unseen.
  const endWatching = rules.watch
    ? watchContent([...rules.paths, ...logTypes], () => signals.reload())
    : () => undefined;
  try {
    return await runService(config, { log, signals, io });
  } finally {
    endWatching();
  }
}

interface Surroundings {
  readonly log: Log;
  readonly signals: ServiceSignals;
  readonly io: CommandIo;
}

async function runService(config: ServiceConfig, { log, signals, io }: Surroundings): Promise<number> {
  const service = await Service.start(config, {
    version: readVersion(),
    log,
    clock: systemClock,
    timer: systemTimer,
    threadUrl: new URL(`../config/lane-thread${extname(import.meta.filename)}`, import.meta.url),
    testRules: () => testProblems({ rules: config.rules.paths, logTypes: config.logTypes }),
    write: (text) => writeText(io.stdout, text),
    color: showsColor(io.stdout),
    width: io.stdout.isTTY === true ? (io.stdout.columns ?? 80) : 80,
    onStuck: endStuckProcess,
  });
  if (!(service instanceof Service)) {
    io.stderr.write(renderProblems(service.problems));
    return 2;
  }
  signals.attach(service);
  try {
    await service.ended;
    return 0;
  } catch {
    // The log has said why.
    return 1;
  }
}
