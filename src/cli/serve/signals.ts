import { systemTimer } from "../../core/clock.ts";
import type { Log } from "../../service/log.ts";
import type { Service } from "../../service/service.ts";

/** After the configured time to stop, the process ends whatever is still under way. */
const stopGraceMs = 5000;

export interface ServiceSignalsOptions {
  readonly drainMs: number;
  readonly log: Log;
}

/**
 * What signals do, from the beginning on: as the first process of a container, one that handles none of them gets none.
 * `SIGHUP` loads the content again, once there is a service. The first `SIGTERM` or `SIGINT` stops the service, the second ends
 * the process at once, as does the first while the service still starts: nothing is accepted then.
 */
export class ServiceSignals implements Disposable {
  readonly #options: ServiceSignalsOptions;
  #service: Pick<Service, "reload" | "stop"> | undefined;
  #reloadDue = false;
  #endWait: (() => void) | undefined;
  readonly #handlers = {
    SIGHUP: () => void this.reload(),
    SIGTERM: () => this.#stop(143),
    SIGINT: () => this.#stop(130),
  } as const;

  constructor(options: ServiceSignalsOptions) {
    this.#options = options;
    for (const [signal, handler] of Object.entries(this.#handlers)) process.on(signal, handler);
  }

  /** The service has started. */
  attach(service: Pick<Service, "reload" | "stop">): void {
    this.#service = service;
    if (this.#reloadDue) void this.reload();
  }

  /** Has the content loaded again, once there is a service: what it loads in the beginning may be older than a change. */
  async reload(): Promise<void> {
    this.#reloadDue = this.#service === undefined;
    await this.#service?.reload();
  }

  [Symbol.dispose](): void {
    this.#endWait?.();
    for (const [signal, handler] of Object.entries(this.#handlers)) process.off(signal, handler);
  }

  #stop(status: number): void {
    if (this.#service === undefined || this.#endWait !== undefined) process.exit(status);
    const { drainMs, log } = this.#options;
    this.#endWait = systemTimer.after(drainMs + stopGraceMs, () => {
      log.error({}, "Stopping took too long; the next start goes on after the last commit.");
      process.exit(1);
    });
    void this.#service.stop();
  }
}
