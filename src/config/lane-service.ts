import { Signal } from "../core/signal.ts";
import { runCommand } from "../engine/lane-commands.ts";
import type { CommittedMessage, LaneMessage, SupervisorMessage } from "../engine/lane-messages.ts";
import type { LaneCommit, LaneParts } from "../engine/lane-parts.ts";
import type { Lane } from "../engine/lane.ts";
import type { LaneServiceHost } from "./build-service.ts";

/** The lane's end of what passes between it and a service while it runs. */
export class LaneServiceLink implements LaneServiceHost {
  readonly warn: LaneServiceHost["warn"];
  readonly #send: (message: LaneMessage) => void;
  readonly #arrivals = new Map<string, Signal>();

  constructor(send: (message: LaneMessage) => void) {
    this.#send = send;
    this.warn = (message) => send({ type: "warning", message });
  }

  readonly arrivals: LaneServiceHost["arrivals"] = (source) => {
    const signal = this.#arrivals.get(source) ?? new Signal();
    this.#arrivals.set(source, signal);
    return signal;
  };

  readonly handOver: LaneServiceHost["handOver"] = (deliveries) => {
    this.#send({ type: "deliver", deliveries });
  };

  /** Takes a message of the main thread, once the lane is built. */
  take(message: SupervisorMessage, lane: Lane, parts: LaneParts): void {
    if (message.type === "arrival") this.arrivals(message.source).raise();
    else if (message.type === "ended") lane.deliveriesEnded(message.ends);
    else if (message.type === "command") void this.#command(message, lane, parts);
  }

  async #command(
    { id, command }: Extract<SupervisorMessage, { type: "command" }>,
    lane: Lane,
    { rules, staging, suspensions, outputs, clock }: LaneParts,
  ): Promise<void> {
    const { remote } = outputs;
    const answer =
      staging === undefined || remote === undefined
        ? { done: 0, problems: ["This lane takes no commands."] }
        : await lane.command(() =>
            runCommand(command, { rules, staging, suspensions, outbox: remote, clock }),
          );
    this.#send({ type: "answer", id, answer });
  }
}

/** What the main thread of a service wants to know with a commit besides what everybody does. */
export function serviceCommit(
  { positions, clockMs, records }: LaneCommit,
  { inputs, outputs, rules, staging, suspensions }: LaneParts,
): Exclude<CommittedMessage["service"], undefined> {
  const staged = rules.filter(({ manifest }) => staging?.isStaged(manifest, clockMs) === true);
  return {
    positions,
    settled: outputs.takeSettled(),
    sources: Object.fromEntries(
      inputs.map(({ source }) => [source.label, { ...source.progress(), records: records.get(source) ?? 0 }]),
    ),
    waiting: outputs.remote?.waiting ?? {},
    rules: { staged: staged.map(({ manifest }) => manifest.id), suspended: suspensions.suspended },
  };
}
