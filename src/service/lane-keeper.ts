import type { RemoteDelivery } from "../alerts/remote-outbox.ts";
import type { RunConfig } from "../config/run-config.ts";
import { messageOf, type Problem, StakeoutError } from "../core/errors.ts";
import type { JsonObject } from "../core/json.ts";
import type { Counters } from "../engine/control.ts";
import type {
  CommandAnswer,
  CommittedMessage,
  CommittedTotals,
  LaneCommand,
  RuleInfo,
} from "../engine/lane-messages.ts";
import {
  LaneHandle,
  type LaneOptions,
  type LaneOutcome,
  type Prepared,
  type Standby,
} from "../engine/supervisor.ts";

export interface LaneKeeperOptions extends Pick<
  LaneOptions,
  "threadUrl" | "onStuck" | "onRulePrint" | "onWarning"
> {
  readonly config: RunConfig;
  readonly onRules: (rules: readonly RuleInfo[]) => void;
  readonly onDeliver: (deliveries: readonly RemoteDelivery[]) => void;
  readonly onCommitted: (message: CommittedMessage) => void;
  readonly onRestart: () => void;
  /** The files of the rules cannot be loaded any more, just when a lane had to be started anew. */
  readonly onInvalid: (problems: readonly Problem[]) => void;
  /** The lane has ended for good, for a reason that is not a person's wish. */
  readonly onFailed: (error: Error) => void;
}

/** What came of loading other content; `started`: a lane runs with it already, because there was none. */
export type PreparedContent = Prepared | { readonly kind: "started" };

/**
 * Keeps a lane running. A lane that has to be started anew when its files are broken stays away until they are whole again:
 * what comes in meanwhile waits.
 */
export class LaneKeeper {
  readonly #options: LaneKeeperOptions;
  #lane: LaneHandle | undefined;
  #last: LaneHandle | undefined;
  /** What this process has done, for a lane that has to be made anew. */
  #totals: CommittedTotals | undefined;
  #stopping = false;
  #ended: Promise<void> = Promise.resolve();

  constructor(options: LaneKeeperOptions) {
    this.#options = options;
  }

  /** True while events are examined. */
  get running(): boolean {
    return this.#lane !== undefined;
  }

  counters(): Counters | undefined {
    return this.#last?.control.read();
  }

  /** Resolves with `undefined` when the lane has opened everything, else with what is wrong. Throws what the lane throws. */
  async start(): Promise<readonly Problem[] | undefined> {
    if (this.#stopping) throw new StakeoutError("LANE_FAILED", "The service is being stopped.");
    const ready = Promise.withResolvers<"ready">();
    const lane = this.#create(() => ready.resolve("ready"));
    this.#lane = lane;
    this.#last = lane;
    this.#ended = lane.outcome.then(nothing, nothing);
    let first: "ready" | LaneOutcome;
    try {
      first = await Promise.race([ready.promise, lane.outcome]);
    } catch (error) {
      this.#lane = undefined;
      throw error;
    }
    if (first !== "ready") {
      this.#lane = undefined;
      if (first.kind === "invalid") return first.problems;
      throw new StakeoutError("LANE_FAILED", "The lane ended as soon as it had begun.");
    }
    this.#ended = this.#follow(lane);
    return undefined;
  }

  /** Sends on what the lane waits for; nothing where there is none: the next one asks for it. */
  tell(message: Parameters<LaneHandle["tell"]>[0]): void {
    this.#lane?.tell(message);
  }

  async command(command: LaneCommand): Promise<CommandAnswer> {
    if (this.#lane === undefined) throw new StakeoutError("LANE_FAILED", "No lane runs at present.");
    return await this.#lane.command(command);
  }

  /** Loads what the files hold now. Where no lane runs, one is started with it at once when it is whole. */
  async prepare(): Promise<PreparedContent> {
    if (this.#lane !== undefined) return await this.#lane.prepare(this.#config);
    const problems = await this.start();
    return problems === undefined ? { kind: "started" } : { kind: "invalid", problems };
  }

  /** As `LaneHandle.swap`, also of a lane that has ended: a thread that waits must not be left over. */
  async swap(standby: Standby): Promise<void> {
    await this.#last?.swap(standby);
  }

  async discard(standby: Standby): Promise<void> {
    await this.#last?.discard(standby);
  }

  /** Lets the lane commit and end. */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.#lane?.stop();
    await this.#ended;
  }

  get #config(): JsonObject {
    return this.#options.config as unknown as JsonObject;
  }

  #create(onReady: () => void): LaneHandle {
    const { config, threadUrl, onStuck, onRulePrint, onWarning, onRules, onDeliver, onCommitted, onRestart } =
      this.#options;
    return new LaneHandle({
      threadUrl,
      config: this.#config,
      limits: config.limits,
      keepsState: true,
      onOutput: () => Promise.resolve(),
      onWarning,
      onStuck,
      onReady,
      onRulePrint,
      onLoaded: onRules,
      onDeliver,
      onCommitted: (message) => {
        this.#totals = message.totals;
        onCommitted(message);
      },
      onRestart,
      totals: this.#totals,
    });
  }

  async #follow(lane: LaneHandle): Promise<void> {
    let outcome: LaneOutcome;
    try {
      outcome = await lane.outcome;
    } catch (error) {
      this.#lane = undefined;
      this.#options.onFailed(error instanceof Error ? error : new Error(messageOf(error)));
      return;
    }
    this.#lane = undefined;
    if (this.#stopping) return;
    if (outcome.kind === "invalid") this.#options.onInvalid(outcome.problems);
    else this.#options.onFailed(new StakeoutError("LANE_FAILED", "The lane ended though nobody stopped it."));
  }
}

function nothing(): void {}
