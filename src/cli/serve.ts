import { extname } from "node:path";

import { loadServiceConfig } from "../config/service-file/read-service-config.ts";
import type { ServiceConfig } from "../config/service-config.ts";
import { systemClock, systemTimer } from "../core/clock.ts";
import { createLog, type Log } from "../service/log.ts";
import { Service } from "../service/service.ts";
import { type CommandIo, showsColor, writeText } from "./io.ts";
import { renderProblems } from "./problems.ts";
import { testProblems } from "./serve/test-rules.ts";
import { watchContent } from "./serve/watch-content.ts";
import { endStuckProcess } from "./stuck.ts";
import { readVersion } from "./version.ts";

export interface ServeOptions {
  readonly config: string;
}

/** After the configured time to stop, the process ends whatever is still under way. */
const stopGraceMs = 5000;

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
  return await untilStopped(service, config, log);
}

async function untilStopped(service: Service, config: ServiceConfig, log: Log): Promise<number> {
  const paths = [...config.rules.paths, ...config.logTypes];
  const endWatching = config.rules.watch ? watchContent(paths, () => service.reload()) : () => undefined;
  const release = listen(service, config, log);
  try {
    await service.ended;
    return 0;
  } catch {
    // The log has said why.
    return 1;
  } finally {
    endWatching();
    release();
  }
}

/** `SIGHUP` loads the content again; the first `SIGTERM` or `SIGINT` stops, the second at once. Answers what ends that. */
function listen(service: Service, { drainMs }: ServiceConfig, log: Log): () => void {
  const reload = (): void => void service.reload();
  let endWait: (() => void) | undefined;
  const stop = (status: number): void => {
    if (endWait !== undefined) process.exit(status);
    endWait = systemTimer.after(drainMs + stopGraceMs, () => {
      log.error({}, "Stopping took too long; the next start goes on after the last commit.");
      process.exit(1);
    });
    void service.stop();
  };
  const handlers = { SIGHUP: reload, SIGTERM: () => stop(143), SIGINT: () => stop(130) } as const;
  for (const [signal, handler] of Object.entries(handlers)) process.on(signal, handler);
  return () => {
    endWait?.();
    for (const [signal, handler] of Object.entries(handlers)) process.off(signal, handler);
  };
}
