import type { MaybePromise } from "../../src/core/json.ts";
import { Chance } from "../chance.ts";
import type { Fault, FaultKind, Plan } from "../plan.ts";
import { SimClock } from "./sim-clock.ts";

/** Where in the flow an asynchronous step is. */
export type Site =
  | "read"
  | "position"
  | "entry"
  | "operation"
  | "rule"
  | "commit"
  | "open"
  | "truncate"
  | "write"
  | "sync"
  | "close"
  | "deliver"
  | "checkpoint";

/** How a life ended before its lane did. */
export type Death =
  | { readonly kind: "killed"; readonly powerFailed: boolean }
  /** The lane alone; `reason` undefined when it was ended for taking too long. */
  | { readonly kind: "lane"; readonly reason: string | undefined };

/** What the machine did to the engine, for figures. */
export type Injected = Record<FaultKind | "torn", number>;

/** An error that the simulation raised. */
class InjectedError extends Error {
  /** As a disk that is full would say it. */
  readonly code = "EIO";
}

/** The parts of one operation that can go wrong by themselves. */
export interface Effect<T> {
  readonly run: () => MaybePromise<T>;
  /** Leaves half of the effect, where there is such a thing for that fault. */
  readonly half?: (what: FaultKind) => MaybePromise<void>;
  /** Whether an error is a possible answer. Default: false. */
  readonly mayFail?: boolean;
}

/**
 * Counts asynchronous steps and injects the plan's faults at them. It outlives the processes that it kills; each lane
 * has a `Life` of its own, and nothing that a dead one still does has any effect.
 */
export class Machine {
  readonly chance: Chance;
  readonly clock: SimClock;
  readonly injected: Injected = {
    kill: 0,
    power: 0,
    fail: 0,
    lane: 0,
    stop: 0,
    clock: 0,
    fold: 0,
    older: 0,
    torn: 0,
  };
  /** Asynchronous steps so far. */
  step = 0;
  /** Commits so far. */
  commits = 0;
  /** Those to come, the earliest first. */
  readonly #faults: Fault[];

  constructor(plan: Plan) {
    this.chance = new Chance(plan.seed, "machine");
    this.clock = new SimClock(plan);
    this.#faults = plan.faults.toSorted((left, right) => left.step - right.step);
  }

  /** Begins the next step; answers what goes wrong at it: the first fault that is due and can happen here. */
  next(canHappen: (fault: Fault) => boolean): Fault | undefined {
    const { step } = this;
    this.step += 1;
    const index = this.#faults.findIndex((fault) => fault.step <= step && canHappen(fault));
    return index < 0 ? undefined : this.#faults.splice(index, 1)[0];
  }
}

/** What a life asks of those around it. */
export interface LifeHost {
  /** The service manager asks the run to end. */
  readonly stop: () => void;
  /** The folding thread gets on, or dies. */
  readonly fold: { readonly running: boolean; advance(): void; die(): void };
  /** True when the lane is known to ask a rule by itself, so that its death would be blamed on that rule. */
  readonly asksRuleAlone: () => boolean;
  /** The next process opens the state file as an older version left it. */
  readonly older: () => void;
}

/** One lane from its start to its end or death. */
export class Life {
  readonly death: Promise<Death>;
  /** An error was injected, so that the lane may end with one. */
  failed = false;
  dead = false;
  /** Records were handed out that no commit has followed yet. */
  uncommitted = false;
  host: LifeHost | undefined;
  readonly #machine: Machine;
  readonly #die: (death: Death) => void;
  #nextCommit: PromiseWithResolvers<void> = Promise.withResolvers();

  constructor(machine: Machine) {
    this.#machine = machine;
    const { promise, resolve } = Promise.withResolvers<Death>();
    this.death = promise;
    this.#die = resolve;
  }

  /**
   * One asynchronous step: performs the effect, or what a fault makes of it. Of a dead lane nothing comes any more.
   */
  perform<T>(site: Site, effect: Effect<T>): MaybePromise<T> {
    if (this.dead) return never();
    this.host?.fold.advance();
    const fault = this.#machine.next((due) => this.#canHappen(due, effect));
    return fault === undefined ? effect.run() : this.#disturb(fault, site, effect);
  }

  committed(): void {
    this.uncommitted = false;
    this.#nextCommit.resolve();
    this.#nextCommit = Promise.withResolvers();
  }

  /** Resolves with the lane's next commit. */
  get nextCommit(): Promise<void> {
    return this.#nextCommit.promise;
  }

  /** Ends the lane here and now; answers what its code waits for from then on. */
  die(death: Death): Promise<never> {
    this.dead = true;
    this.#die(death);
    return never();
  }

  async #disturb<T>(fault: Fault, site: Site, effect: Effect<T>): Promise<T> {
    const { injected, clock, chance } = this.#machine;
    switch (fault.what) {
      case "kill":
      case "power":
        injected[fault.what] += 1;
        await this.#partly(fault, effect);
        return await this.#end(site, { kind: "killed", powerFailed: fault.what === "power" });
      case "lane":
        injected.lane += 1;
        await this.#partly(fault, effect);
        return await this.#end(site, { kind: "lane", reason: "out of memory" });
      case "fail":
        injected.fail += 1;
        this.failed = true;
        await this.#partly(fault, effect);
        throw new InjectedError(`${site} failed`);
      case "stop":
        this.host?.stop();
        break;
      case "clock":
        clock.jump(chance.pick([-3_600_000, -1000, 1000, 3_600_000]));
        break;
      case "fold":
        this.host?.fold.die();
        break;
      case "older":
        this.host?.older();
        break;
    }
    injected[fault.what] += 1;
    return await effect.run();
  }

  #canHappen<T>({ what, when }: Fault, { mayFail, half }: Effect<T>): boolean {
    const ends = what === "kill" || what === "power" || what === "lane" || what === "fail";
    if (ends && when === "during" && half === undefined) return false;
    if (what === "fail") return mayFail === true;
    if (what === "fold") return this.host?.fold.running === true;
    // A rule that is asked alone would be blamed for it, and rightly so.
    return what !== "lane" || this.host?.asksRuleAlone() !== true;
  }

  async #partly<T>({ what, when }: Fault, { run, half }: Effect<T>): Promise<void> {
    if (when === "before") return;
    if (when === "after") {
      await run();
      return;
    }
    if (half === undefined) return;
    this.#machine.injected.torn += 1;
    await half(what);
  }

  #end(site: Site, death: Death): Promise<never> {
    const end = this.die(death);
    // A lane that waits for input has a timer beside it, which would outlive it.
    return site === "read" ? Promise.reject(new InjectedError("killed")) : end;
  }
}

function never(): Promise<never> {
  return new Promise(() => undefined);
}
