import { describe, expect, test } from "vitest";

import type { DeliveryDetails } from "../../src/service/admin/admin-service.ts";
import { delivery } from "../service/admin/fixtures.ts";
import { startService, type StartedService } from "./service-fixtures.ts";

const { abandonedAtMs: _, attempts: __, reason: ___, ...waitingFields } = delivery();

/** One that has not ended yet. */
function waiting(overrides: Partial<DeliveryDetails>): DeliveryDetails {
  return { ...waitingFields, state: "waiting", ...overrides };
}

async function startWithDeliveries(): Promise<StartedService> {
  const started = await startService();
  started.service.deliveries = [
    delivery({ key: "chat-1", destination: "chat" }),
    delivery({ key: "oncall-1" }),
    delivery({ key: "oncall-2" }),
    waiting({ key: "oncall-3" }),
  ];
  return started;
}

function keysOf(started: StartedService, state: DeliveryDetails["state"]): readonly string[] {
  return started.service.deliveries.filter((each) => each.state === state).map(({ key }) => key);
}

describe("deliveries list", () => {
  test("shows those that wait and those that were given up", async () => {
    const { run } = await startWithDeliveries();
    const { status, stdout, stderr } = await run("deliveries list");
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    const lines = stdout.trimEnd().split("\n");
    expect(lines).toHaveLength(5);
    expect(lines[2]).toMatch(
      /^oncall-1 +abandoned +oncall +2026-03-01T11:00:00Z +high +AWS\.CloudTrail\.RootLogin +Root signed in from 192\.0\.2\.7 +The receiver answered 410\.$/,
    );
    expect(lines[4]).toMatch(/^oncall-3 +waiting .* Root signed in from 192\.0\.2\.7$/);
  });

  test("can be narrowed", async () => {
    const { run } = await startWithDeliveries();
    const { stdout } = await run("deliveries list --abandoned --destination oncall --json");
    const lines = stdout.trimEnd().split("\n");
    expect(lines.map((line) => (JSON.parse(line) as DeliveryDetails).key)).toEqual(["oncall-1", "oncall-2"]);
  });

  test("says that there are more", async () => {
    const { run } = await startWithDeliveries();
    const { stdout, stderr } = await run("deliveries list --limit 2");
    expect(stdout.trimEnd().split("\n")).toHaveLength(3);
    expect(stderr).toBe("There are more; show them with --limit 20.\n");
  });

  test("goes through as many pages as it takes", async () => {
    const { run, service } = await startService();
    const keys = Array.from({ length: 2500 }, (_each, index) => `k${String(index).padStart(5, "0")}`);
    service.deliveries = keys.map((key) => delivery({ key }));
    const { stdout, stderr } = await run("deliveries list --limit 2400 --json");
    const listed = stdout.trimEnd().split("\n");
    expect(listed.map((line) => (JSON.parse(line) as DeliveryDetails).key)).toEqual(keys.slice(0, 2400));
    expect(stderr).toContain("There are more");
  });

  test("says that there is none", async () => {
    const { run } = await startService();
    expect(await run("deliveries list")).toEqual({ status: 0, stdout: "", stderr: "No delivery waits.\n" });
    expect((await run("deliveries list --abandoned")).stderr).toBe("No delivery was given up.\n");
  });

  test("cannot be used to steer a terminal", async () => {
    const { run, service } = await startService();
    service.deliveries = [delivery({ title: "a\u001b[2J", reason: "b\nc" })];
    const { stdout } = await run("deliveries list");
    expect(stdout).not.toContain("\u001b");
    expect(stdout.trimEnd().split("\n")).toHaveLength(2);
  });
});

describe("deliveries show", () => {
  test("tells why it was given up, and shows the alert", async () => {
    const { run } = await startWithDeliveries();
    const { status, stdout } = await run("deliveries show oncall-1");
    expect(status).toBe(0);
    expect(stdout).toContain("oncall-1 to oncall, abandoned\n");
    expect(stdout).toContain("idempotency key 5f3a91c2d4e6-open\n");
    expect(stdout).toContain("given up 2026-03-02T11:00:00Z after 17 attempts: The receiver answered 410.\n");
    expect(stdout).toContain("Root signed in from 192.0.2.7");
  });

  test("of one that waits says nothing of that", async () => {
    const { run } = await startWithDeliveries();
    expect((await run("deliveries show oncall-3")).stdout).not.toContain("given up");
  });

  test("is one object with --json", async () => {
    const { run, service } = await startWithDeliveries();
    expect(JSON.parse((await run("deliveries show oncall-2 --json")).stdout)).toEqual(service.deliveries[2]);
  });

  test("of one that is not there", async () => {
    const { run } = await startWithDeliveries();
    expect(await run("deliveries show nope")).toMatchObject({
      status: 1,
      stderr: "stakeout: There is no delivery nope.\n",
    });
  });
});

describe("deliveries retry and drop", () => {
  test("those that are named", async () => {
    const started = await startWithDeliveries();
    const { status, stderr } = await started.run("deliveries retry oncall-1 oncall-2");
    expect({ status, stderr }).toEqual({ status: 0, stderr: "2 deliveries begun anew.\n" });
    expect(keysOf(started, "abandoned")).toEqual(["chat-1"]);
  });

  test("those of one destination", async () => {
    const started = await startWithDeliveries();
    const { status, stderr } = await started.run("deliveries drop --destination chat");
    expect({ status, stderr }).toEqual({ status: 0, stderr: "1 delivery dropped.\n" });
    expect(keysOf(started, "abandoned")).toEqual(["oncall-1", "oncall-2"]);
  });

  test("all, but never one that waits", async () => {
    const started = await startWithDeliveries();
    expect((await started.run("deliveries drop --all")).stderr).toBe("3 deliveries dropped.\n");
    expect(keysOf(started, "waiting")).toEqual(["oncall-3"]);
  });

  test("tell what could not be done, with exit status 1", async () => {
    const started = await startWithDeliveries();
    const { status, stderr } = await started.run("deliveries retry oncall-1 oncall-3");
    expect(status).toBe(1);
    expect(stderr).toBe(
      "1 delivery begun anew.\nstakeout: There is no delivery oncall-3 that was given up.\n",
    );
  });

  test.each(["", " oncall-1 --all", " --all --destination chat", " oncall-1 --destination chat"])(
    "do nothing for `drop%s`",
    async (words) => {
      const started = await startWithDeliveries();
      const { status, stderr } = await started.run(`deliveries drop${words}`);
      expect(status).toBe(2);
      expect(stderr).toContain("one of these");
      expect(started.service.deliveries).toHaveLength(4);
    },
  );
});
