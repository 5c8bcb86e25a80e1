import { expect, test } from "vitest";

import { createRemoteDestinations, type DestinationsHost } from "../../src/config/build-destinations.ts";
import type { DelivererTarget } from "../../src/destinations/deliverer.ts";
import { stdoutPolicy } from "../../src/destinations/stdout/destination.ts";
import { alert } from "../core/alert.fixture.ts";
import { ManualTime } from "../destinations/manual-time.ts";
import { readValid } from "./service-file/fixtures.ts";

interface Built {
  readonly targets: readonly DelivererTarget[];
  readonly written: readonly string[];
}

function build(destinations: string): Built {
  const { destinations: configs } = readValid(`
admin: {token: admin-0123456789abcdef}
sources: {web: {kind: http, token: source-0123456789abcdef}}
destinations:
${destinations}
`);
  const { clock, timer } = new ManualTime();
  const written: string[] = [];
  const write: DestinationsHost["write"] = async (text) => void written.push(text);
  const host = { clock, timer, version: "1.2.3", write, width: 80, color: false };
  return { targets: createRemoteDestinations(configs, host), written };
}

test("each kind but files has a destination of its name, with its policy", () => {
  const { targets } = build(`
  hook: {kind: webhook, url: "https://example.com/alerts", concurrency: 2, rate: 5, breakAfter: 3}
  chat: {kind: slack, url: "https://hooks.slack.com/services/T0/B0/x"}
  oncall: {kind: pagerduty, routingKey: 0123456789abcdef0123456789abcdef}
  kept: {kind: file, path: /tmp/alerts.jsonl}
  screen: {kind: stdout}
`);
  expect(targets.map(({ destination }) => destination.name)).toEqual(["hook", "chat", "oncall", "screen"]);
  expect(targets[0]?.policy).toMatchObject({ concurrencyMax: 2, perSecondMax: 5, breakAfter: 3 });
  expect(targets[1]?.policy).toMatchObject({ concurrencyMax: 4, perSecondMax: undefined, breakAfter: 5 });
  expect(targets[3]?.policy).toBe(stdoutPolicy);
});

test("standard output is written through the service, in the form that is asked for", async () => {
  const { targets, written } = build("  screen: {kind: stdout, format: json}");
  const [target] = targets;
  const delivery = { idempotencyKey: "1:open", alert: alert({ title: "Shown" }) };
  const signal = new AbortController().signal;
  expect(await target?.destination.send(delivery, signal)).toEqual({ kind: "delivered" });
  expect(JSON.parse(written.join(""))).toMatchObject({ title: "Shown" });
});
