import type { Outbox } from "../alerts/outbox.ts";
import type { RemoteDelivery, RemoteDeliveryEnd, RemoteOutbox } from "../alerts/remote-outbox.ts";
import type { AlertRouting } from "../alerts/routing.ts";
import type { Alert } from "../core/alert.ts";
import type { Clock } from "../core/clock.ts";
import { alertLine } from "../destinations/alert-line.ts";
import type { CommittedFile, Destination } from "../destinations/destination.ts";
import type { EntryWrite } from "../state/store.ts";
import type { OutputFiles } from "./output-files.ts";

/** A file that takes part in the commit, as a destination of alerts. */
export interface AlertFile {
  readonly name: string;
  readonly file: CommittedFile;
}

/** Destinations whose deliveries somebody else makes, while the lane goes on. */
export interface RemoteDestinations {
  readonly names: readonly string[];
  readonly outbox: RemoteOutbox;
  /** Takes deliveries that are committed; their ends are told by `RemoteOutbox.ended`. */
  readonly handOver: (deliveries: readonly RemoteDelivery[]) => void;
}

export interface AlertOutputsOptions {
  readonly files: readonly AlertFile[];
  /** Told by the lane itself after each commit. */
  readonly destinations: readonly Destination[];
  readonly outbox: Outbox;
  readonly remote: RemoteDestinations | undefined;
  /** Left out: every destination gets every alert. */
  readonly routing: AlertRouting | undefined;
  readonly clock: Clock;
}

/** Where the alerts of a lane go. */
export class AlertOutputs {
  readonly #options: AlertOutputsOptions;
  /** Lines of the batch under way. */
  #lines = new Map<AlertFile, string[]>();
  /** Roughly the memory that they hold. */
  #lineBytes = 0;
  /** Ends of deliveries that are not noted yet. */
  #ends: RemoteDeliveryEnd[] = [];
  /** Keys of deliveries whose ends the commit takes down. */
  #settled: string[] = [];

  constructor(options: AlertOutputsOptions) {
    this.#options = options;
  }

  /** Finds what earlier runs left undelivered. */
  async load(): Promise<void> {
    await this.#options.outbox.load();
    await this.#options.remote?.outbox.load(this.#options.clock.nowMs());
  }

  /** The files, for the lane to open. */
  get files(): readonly CommittedFile[] {
    return this.#options.files.map(({ file }) => file);
  }

  /** Deliveries that somebody else makes; `undefined` where there are none. */
  get remote(): RemoteOutbox | undefined {
    return this.#options.remote?.outbox;
  }

  get pendingBytes(): number {
    return this.#lineBytes;
  }

  /** Deliveries that wait for the lane itself to make them. */
  get waiting(): number {
    return this.#options.outbox.waiting;
  }

  /** True when a commit has something to take down that no record brought about. */
  get dirty(): boolean {
    return this.#ends.length > 0 || this.#options.remote?.outbox.dirty === true;
  }

  add(alert: Alert): void {
    // An empty list of destinations is the rule's wish that nobody is notified; the alert itself is kept in the state.
    if (alert.destinations?.length === 0) return;
    const { files, destinations, outbox, remote, routing, clock } = this.#options;
    const names = routing === undefined ? undefined : new Set(routing.destinationsOf(alert));
    const takes = ({ name }: { readonly name: string }): boolean => names?.has(name) ?? true;
    for (const file of files.filter(takes)) this.#addLine(file, alertLine(alert));
    for (const destination of destinations.filter(takes)) outbox.enqueue(destination.name, alert);
    for (const name of remote?.names ?? []) {
      if (takes({ name })) remote?.outbox.enqueue(name, alert, clock.nowMs());
    }
  }

  #addLine(file: AlertFile, line: string): void {
    const lines = this.#lines.get(file) ?? [];
    lines.push(line);
    this.#lines.set(file, lines);
    this.#lineBytes += line.length;
  }

  /** How deliveries ended that were handed over; noted with the next commit. */
  ended(ends: readonly RemoteDeliveryEnd[]): void {
    this.#ends.push(...ends);
  }

  /** Makes the batch's lines durable, before its commit. */
  async append(files: OutputFiles): Promise<void> {
    const lines = this.#lines;
    this.#lines = new Map();
    this.#lineBytes = 0;
    for (const [{ file }, each] of lines) await files.append(file, each);
  }

  /** What the commit has to take down. */
  async takeWrites(): Promise<readonly EntryWrite[]> {
    const { outbox, remote, clock } = this.#options;
    const ends = this.#ends;
    this.#ends = [];
    for (const end of ends) {
      const noted = await remote?.outbox.ended(end, clock.nowMs());
      if (noted === true) this.#settled.push(end.key);
    }
    return [...outbox.takeWrites(), ...(remote?.outbox.takeWrites() ?? [])];
  }

  /** Keys of the deliveries whose ends the last commit took down. */
  takeSettled(): readonly string[] {
    const settled = this.#settled;
    this.#settled = [];
    return settled;
  }

  /** Sends on what is committed. Throws what the first destination threw that the lane itself tells. */
  async deliver(): Promise<void> {
    const { outbox, remote } = this.#options;
    const { failures } = await outbox.deliverPending();
    const [failure] = failures;
    // The deliveries stay in the outbox: the next run makes them.
    if (failure !== undefined) throw failure.error;
    if (remote === undefined) return;
    const deliveries = await remote.outbox.handOver();
    if (deliveries.length > 0) remote.handOver(deliveries);
  }

  async close(): Promise<void> {
    for (const destination of this.#options.destinations) await destination.close();
  }
}
