import type { DeliveryOutcome } from "../destinations/remote.ts";
import type { CommandAnswer } from "../engine/lane-messages.ts";
import type { ReloadResult } from "../service/admin/admin-service.ts";
import type { DestinationStatus, ServiceStatus } from "../service/status.ts";
import { printable } from "../core/text.ts";
import { type CommandIo, writeText } from "./io.ts";
import { renderProblems } from "./problems.ts";
import { type ServiceOptions, withService } from "./service-client.ts";
import { type Column, renderTable } from "./table.ts";

/** Loading rules may include running all their tests. */
const reloadMs = 600_000;
/** Longer than one attempt at a delivery may take by default. */
const testAlertMs = 60_000;

export interface HealthOptions extends ServiceOptions {
  /** Ask whether it takes events, not whether it lives. */
  readonly ready: boolean;
}

/** Says whether the service is well. Answers 0 when it is, else 1. Throws `SERVICE_UNREACHABLE`. */
export async function healthCommand(options: HealthOptions, io: CommandIo): Promise<number> {
  const path = options.ready ? "/readyz" : "/healthz";
  const answer = await withService(options, (client) => client.send({ path }));
  if (answer.status === 200) {
    await writeText(io.stdout, "ok\n");
    return 0;
  }
  const { reasons = [] } = answer.body as { reasons?: readonly string[] };
  io.stderr.write(
    reasons.map((reason) => `stakeout: ${printable(reason)}\n`).join("") || "stakeout: failing\n",
  );
  return 1;
}

/** Has the service load its rules and log types again. Answers 0; 2 when they are refused, with every problem. */
export async function reloadCommand(options: ServiceOptions, io: CommandIo): Promise<number> {
  const { status, body } = await withService(options, async (client) => {
    const answer = await client.send({ method: "POST", path: "/v1/reload", timeoutMs: reloadMs });
    const known = answer.status === 200 || (answer.status === 422 && "problems" in (answer.body as object));
    if (!known) throw client.refusal(answer.status, answer.body);
    return answer;
  });
  const { problems } = body as ReloadResult;
  if (status === 200) {
    io.stderr.write("The rules and log types on the disk run now.\n");
    return 0;
  }
  await writeText(io.stdout, renderProblems(problems));
  io.stderr.write("Refused; those that ran before go on.\n");
  return 2;
}

/** Tells what could not be done. Answers 1 when there is something. */
export function tellProblems({ problems }: CommandAnswer, io: CommandIo): number {
  for (const problem of problems) io.stderr.write(`stakeout: ${printable(problem)}\n`);
  return problems.length === 0 ? 0 : 1;
}

export interface DestinationTestOptions extends ServiceOptions {
  readonly name: string;
}

/** Sends a marked test alert. Answers 0 when the receiver took it, else 1 with the reason; throws `NOT_FOUND`. */
export async function testDestinationCommand(
  { name, ...options }: DestinationTestOptions,
  io: CommandIo,
): Promise<number> {
  const path = `/v1/destinations/${encodeURIComponent(name)}/test`;
  const { outcome } = await withService(options, (client) =>
    client.ask<{ outcome: DeliveryOutcome }>({ method: "POST", path, timeoutMs: testAlertMs }),
  );
  if (outcome.kind === "delivered") {
    io.stderr.write(`${printable(name)} took the test alert.\n`);
    return 0;
  }
  const verb = outcome.kind === "refused" ? "refused" : "did not take";
  io.stderr.write(`stakeout: ${printable(name)} ${verb} the test alert: ${printable(outcome.reason)}\n`);
  return 1;
}

export interface DestinationsListOptions extends ServiceOptions {
  readonly json: boolean;
}

/** Prints every destination with what became of its deliveries. Answers 0. */
export async function listDestinationsCommand(
  options: DestinationsListOptions,
  io: CommandIo,
): Promise<number> {
  const { destinations } = await withService(options, (client) =>
    client.ask<ServiceStatus>({ path: "/v1/status" }),
  );
  if (options.json) {
    await writeText(io.stdout, destinations.map((each) => `${JSON.stringify(each)}\n`).join(""));
  } else if (destinations.length === 0) {
    io.stderr.write("No destinations.\n");
  } else {
    await writeText(io.stdout, renderTable(destinationColumns, destinations.map(destinationRow), io.stdout));
  }
  return 0;
}

/** Columns of a table of destinations. */
export const destinationColumns: readonly Column[] = [
  { name: "DESTINATION" },
  { name: "KIND" },
  { name: "CIRCUIT" },
  { name: "WAITING", align: "right" },
  { name: "IN FLIGHT", align: "right" },
  { name: "DELIVERED", align: "right" },
  { name: "FAILED", align: "right" },
  { name: "ABANDONED", align: "right" },
  { name: "LAST FAILURE" },
];

/** The cells of one destination; a file has no attempts of its own, as it takes part in the commit. */
export function destinationRow({
  name,
  kind,
  waiting,
  abandoned,
  attempts,
}: DestinationStatus): readonly string[] {
  const integer = (value: number | undefined): string => value?.toLocaleString("en-US") ?? "-";
  return [
    name,
    kind,
    attempts?.circuit ?? "-",
    integer(waiting),
    integer(attempts?.inFlight),
    integer(attempts?.delivered),
    integer(attempts?.failedAttempts),
    integer(abandoned),
    attempts?.lastFailure ?? "",
  ];
}
