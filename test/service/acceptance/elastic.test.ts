import { Client } from "@elastic/elasticsearch";
import { expect, test } from "vitest";

import { events, ruleFiles } from "../../kills/stream.ts";
import { tell } from "./client.ts";
import { differences, Site, sourceToken } from "./site.ts";

const eventCount = 4000;

test("the bulk helper of Elasticsearch's own client delivers unchanged", async () => {
  const lines = events(eventCount)
    .trimEnd()
    .split("\n")
    // The client sends documents, not text.
    .filter((line) => line !== "{broken");
  const site = await Site.open({ rules: ruleFiles });
  const whole = await site.runWhole(`${lines.join("\n")}\n`);
  site.start();
  const client = new Client({ node: await site.eventsUrl(), auth: { bearer: sourceToken } });
  const stats = await client.helpers.bulk({
    datasource: lines.map((line) => JSON.parse(line) as object),
    onDocument: () => ({ create: { _index: "cloudtrail" } }),
    flushBytes: 50_000,
    // In the order of the events, as the run has them.
    concurrency: 1,
  });
  await client.close();
  await site.drained();
  expect(await site.process.end("SIGTERM")).toEqual({ code: 0, signal: null });
  const { successful, retry, failed, bytes } = stats;
  tell(
    `${successful} documents of Elasticsearch's client (${bytes} bytes), ${retry} sent again, ${failed} failed`,
  );
  expect(stats).toMatchObject({ total: lines.length, successful: lines.length, failed: 0 });
  expect(differences(await site.outcome(), whole)).toEqual([]);
  expect(site.receiver.keys.size).toBe(whole.alerts.length);
});
