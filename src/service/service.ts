import type { RemoteDelivery } from "../alerts/remote-outbox.ts";
import { createRemoteDestinations } from "../config/build-destinations.ts";
import { serviceRunConfig } from "../config/serve.ts";
import type { ServiceConfig } from "../config/service-config.ts";
import { type Clock, systemChance, type Timer } from "../core/clock.ts";
import { type Problem, StakeoutError } from "../core/errors.ts";
import { Deliverer, type DelivererTarget, type DeliveryAttempt } from "../destinations/deliverer.ts";
import { createTestAlert } from "../destinations/test-alert.ts";
import type { DeliveryOutcome } from "../destinations/remote.ts";
import type { CommandAnswer, CommittedMessage, LaneCommand } from "../engine/lane-messages.ts";
import type { Spool } from "../sources/spool/spool.ts";
import { openSpool } from "../sources/spool/open.ts";
import type { AdminService, Readiness, ReloadResult } from "./admin/admin-service.ts";
import { type AdminServer, createAdminServer } from "./admin/server.ts";
import { Content } from "./content.ts";
import { Deliveries } from "./deliveries.ts";
import { EngineFigures } from "./engine-figures.ts";
import { createIngestServer, type IngestServer } from "./ingest/server.ts";
import { LaneKeeper } from "./lane-keeper.ts";
import { createRulePrintLog, type Log } from "./log.ts";
import { spoolProblem } from "./spool-problem.ts";
import { StateMeasurement } from "./state-measure.ts";
import type { ServiceStatus } from "./status.ts";
import { type StatusParts, statusOf } from "./status-of.ts";

/** What a service needs of the process that it runs in. */
export interface ServiceHost {
  readonly version: string;
  readonly log: Log;
  readonly clock: Clock;
  readonly timer: Timer;
  /** The module that a lane's thread runs: config/lane-thread.ts. */
  readonly threadUrl: URL;
  /** Runs the tests of the rules; answers what failed. */
  readonly testRules: () => Promise<readonly Problem[]>;
  /** Writes to standard output; resolves when it is written. */
  readonly write: (text: string) => Promise<void>;
  readonly color: boolean;
  /** Columns of the terminal. */
  readonly width: number;
  /** The lane's thread cannot be ended, so the process will not end by itself. */
  readonly onStuck: (message: string) => void;
}

/** How often deliveries that were given up are counted. */
const countMs = 10_000;

/** An engine that goes on until it is stopped: events over the network and from files, alerts to people, rules that change. */
export class Service implements AdminService {
  readonly #config: ServiceConfig;
  readonly #host: ServiceHost;
  readonly #targets: readonly DelivererTarget[];
  readonly #deliverer: Deliverer;
  readonly #deliveries: Deliveries;
  readonly #spool: Spool;
  readonly #keeper: LaneKeeper;
  readonly #content: Content;
  readonly #figures = new EngineFigures();
  readonly #admin: AdminServer;
  readonly #ingest: IngestServer | undefined;
  readonly #statusParts: StatusParts;
  readonly #ended = Promise.withResolvers<void>();
  #phase: ServiceStatus["phase"] = "starting";
  #laneRestarts = 0;
  #abandoned: ReadonlyMap<string, number> = new Map();
  #stopCounting: () => void = () => undefined;
  #stopping: Promise<void> | undefined;

  /**
   * Starts everything. Resolves when events are taken. Throws `CONFIG_INVALID`, `SPOOL_UNWRITABLE`, `LISTEN_FAILED` and what
   * opening the state throws. Answers the problems of rules that cannot be loaded. Nothing is left running then.
   */
  static async start(
    config: ServiceConfig,
    host: ServiceHost,
  ): Promise<Service | { readonly problems: readonly Problem[] }> {
    const targets = createRemoteDestinations(config.destinations, host);
    // The lane reads what earlier processes stored without being told.
    let tellArrival = (_source: string): void => undefined;
    const spool = await openSpool({
      folder: config.spool.folder,
      sources: config.sources.filter(({ kind }) => kind === "http").map(({ name }) => name),
      backlogBytesMax: config.spool.backlogBytesMax,
      idempotencyMs: config.spool.idempotencyMs,
      clock: host.clock,
      onAppended: (source) => tellArrival(source),
      warn: (message) => host.log.warn({}, message),
    });
    const service = new Service(config, host, { targets, spool });
    tellArrival = (source) => service.#keeper.tell({ type: "arrival", source });
    const problems = await service.#begin();
    return problems === undefined ? service : { problems };
  }

  private constructor(
    config: ServiceConfig,
    host: ServiceHost,
    { targets, spool }: { readonly targets: readonly DelivererTarget[]; readonly spool: Spool },
  ) {
    const { clock, timer, log, version } = host;
    this.#config = config;
    this.#host = host;
    this.#targets = targets;
    this.#spool = spool;
    this.#deliveries = new Deliveries(config.stateFile, config.limits);
    this.#deliverer = new Deliverer({
      destinations: targets,
      clock,
      timer,
      chance: systemChance,
      onEnd: (end) => this.#keeper.tell({ type: "ended", ends: [end] }),
      onAttempt: (attempt) => this.#logAttempt(attempt),
    });
    this.#keeper = this.#createKeeper();
    this.#content = new Content({
      paths: [...config.rules.paths, ...config.logTypes],
      log,
      clock,
      prepare: () => this.#keeper.prepare(),
      swap: (standby) => this.#keeper.swap(standby),
      discard: (standby) => this.#keeper.discard(standby),
      test: config.rules.tests ? host.testRules : undefined,
    });
    this.#ingest = this.#createIngest();
    this.#admin = createAdminServer({ config: config.admin, service: this, log });
    this.#statusParts = {
      config,
      version,
      clock,
      startedAtMs: clock.nowMs(),
      phase: () => this.#phase,
      figures: this.#figures,
      keeper: this.#keeper,
      content: this.#content,
      state: new StateMeasurement(config.stateFile, clock),
      spool,
      ingest: this.#ingest,
      deliverer: this.#deliverer,
      laneRestarts: () => this.#laneRestarts,
      abandoned: () => this.#abandoned,
    };
  }

  /** Resolves when the service was stopped; rejects with what made it end. */
  get ended(): Promise<void> {
    return this.#ended.promise;
  }

  status(): ServiceStatus {
    return statusOf(this.#statusParts);
  }

  ready(): Readiness {
    const reasons: string[] = [];
    if (this.#phase !== "running") reasons.push(`The service is ${this.#phase}.`);
    if (!this.#keeper.running) reasons.push("No lane runs: the files of the rules cannot be loaded.");
    const { spool, ingest } = this.#config;
    const unwritable = this.#ingest && spoolProblem(spool.folder, ingest.contentBytesMax);
    if (unwritable !== undefined) reasons.push(unwritable);
    return { ready: reasons.length === 0, reasons };
  }

  listDeliveries: AdminService["listDeliveries"] = (query) => this.#deliveries.list(query);
  findDelivery: AdminService["findDelivery"] = (key) => this.#deliveries.find(key);

  retryDeliveries: AdminService["retryDeliveries"] = async (selection) =>
    await this.#changeDeliveries({ type: "retry", keys: await this.#deliveries.select(selection) });

  dropDeliveries: AdminService["dropDeliveries"] = async (selection) =>
    await this.#changeDeliveries({ type: "drop", keys: await this.#deliveries.select(selection) });

  reload(): Promise<ReloadResult> {
    return this.#content.reload();
  }

  promoteRule(id: string): Promise<CommandAnswer | undefined> {
    return this.#changeRule(id, { type: "stage", ruleId: id, staged: false });
  }

  stageRule(id: string): Promise<CommandAnswer | undefined> {
    return this.#changeRule(id, { type: "stage", ruleId: id, staged: true });
  }

  resumeRule(id: string): Promise<CommandAnswer | undefined> {
    return this.#changeRule(id, { type: "resume-rule", ruleId: id });
  }

  async testDestination(name: string): Promise<DeliveryOutcome | undefined> {
    const configured = this.#config.destinations.find((destination) => destination.name === name);
    if (configured === undefined) return undefined;
    const target = this.#targets.find(({ destination }) => destination.name === name);
    if (target === undefined) {
      return { kind: "refused", reason: "A file takes alerts only with the commit that raised them." };
    }
    const alert = createTestAlert(name, new Date(this.#host.clock.nowMs()).toISOString());
    const timeoutMs = "timeoutMs" in configured ? configured.timeoutMs : countMs;
    const signal = AbortSignal.timeout(timeoutMs);
    return await target.destination.send({ idempotencyKey: `${alert.id}:${alert.status}`, alert }, signal);
  }

  /**
   * Ends the service within the configured time: requests under way are answered, attempts at deliveries finish, the batch
   * under way is committed. What is accepted and not examined waits for the next start.
   */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #begin(): Promise<readonly Problem[] | undefined> {
    const { log } = this.#host;
    try {
      const problems = await this.#keeper.start();
      if (problems !== undefined) {
        await this.#close();
        return problems;
      }
      const admin = await this.#admin.listen();
      const ingest = await this.#ingest?.listen();
      log.info(
        {
          ...(ingest === undefined ? {} : { events: `${ingest.host}:${ingest.port}` }),
          admin: `${admin.host}:${admin.port}`,
          rules: this.#figures.ruleInfos.length,
        },
        "Events are taken.",
      );
    } catch (error) {
      await this.#close();
      throw error;
    }
    this.#phase = "running";
    this.#countAbandoned();
    return undefined;
  }

  async #stop(): Promise<void> {
    const { drainMs } = this.#config;
    this.#phase = "draining";
    this.#host.log.info({ drainMs }, "Stopping.");
    await Promise.all([this.#ingest?.close(drainMs), this.#deliverer.close(drainMs)]);
    await this.#close();
    this.#host.log.info({}, "Stopped.");
    this.#ended.resolve();
  }

  async #close(): Promise<void> {
    this.#stopCounting();
    await this.#ingest?.close(0);
    await this.#deliverer.close(0);
    await this.#keeper.stop();
    await this.#admin.close();
    await this.#spool.close();
  }

  #createKeeper(): LaneKeeper {
    const { log, threadUrl, onStuck, clock } = this.#host;
    const print = createRulePrintLog(log);
    return new LaneKeeper({
      config: serviceRunConfig(this.#config, this.#spool),
      threadUrl,
      onStuck,
      onRulePrint: (text) => print(text, undefined),
      onWarning: (message) => log.warn({}, message),
      onRules: (rules) => (this.#figures.ruleInfos = rules),
      onDeliver: (deliveries) => this.#submit(deliveries),
      onCommitted: (message) => this.#committed(message, clock.nowMs()),
      onRestart: () => this.#laneRestarts++,
      onInvalid: (problems) => this.#content.broken(problems),
      onFailed: (error) => this.#fail(error),
    });
  }

  #createIngest(): IngestServer | undefined {
    const { ingest, sources } = this.#config;
    const overHttp = sources.filter((source) => source.kind === "http");
    if (overHttp.length === 0) return undefined;
    const { clock, timer, log } = this.#host;
    return createIngestServer({ config: ingest, sources: overHttp, spool: this.#spool, clock, timer, log });
  }

  #submit(deliveries: readonly RemoteDelivery[]): void {
    for (const delivery of deliveries) this.#deliverer.submit(delivery);
  }

  #committed(message: CommittedMessage, nowMs: number): void {
    this.#figures.committed(message, nowMs);
    for (const { source, stream, value } of message.service?.positions ?? []) {
      this.#spool.committed(source, stream, value);
    }
    for (const key of message.service?.settled ?? []) this.#deliverer.acknowledge(key);
  }

  #logAttempt({ destination, attempt, outcome, durationMs }: DeliveryAttempt): void {
    const { log } = this.#host;
    const fields = { destination, attempt, durationMs: Math.round(durationMs) };
    if (outcome.kind === "delivered") log.debug(fields, "An alert was delivered.");
    else if (outcome.kind === "failed") log.warn(fields, `A delivery failed. ${outcome.reason}`);
    else log.error(fields, `A delivery was refused. ${outcome.reason}`);
  }

  async #changeDeliveries(command: LaneCommand): Promise<CommandAnswer> {
    const answer = await this.#keeper.command(command);
    this.#abandoned = await this.#deliveries.countAbandoned();
    return answer;
  }

  async #changeRule(id: string, command: LaneCommand): Promise<CommandAnswer | undefined> {
    if (!this.#figures.ruleInfos.some((rule) => rule.id === id)) return undefined;
    return await this.#keeper.command(command);
  }

  #countAbandoned(): void {
    const count = async (): Promise<void> => {
      try {
        this.#abandoned = await this.#deliveries.countAbandoned();
      } catch (error) {
        this.#host.log.warn({ error }, "Deliveries that were given up cannot be counted.");
      }
      if (this.#phase === "running") this.#stopCounting = this.#host.timer.after(countMs, () => void count());
    };
    void count();
  }

  #fail(error: Error): void {
    if (this.#phase === "draining") return;
    this.#phase = "failed";
    const code = error instanceof StakeoutError ? { code: error.code } : {};
    this.#host.log.error(code, error.message);
    void this.#endWith(error);
  }

  async #endWith(error: Error): Promise<void> {
    try {
      await this.#close();
    } finally {
      this.#ended.reject(error);
    }
  }
}
