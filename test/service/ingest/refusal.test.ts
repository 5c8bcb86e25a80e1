import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { ingestCodes, Refusal } from "../../../src/service/ingest/refusal.ts";

test("docs/ingestion.md lists every code with its status, and no other", () => {
  const page = readFileSync(new URL("../../../docs/ingestion.md", import.meta.url), "utf8");
  const rows = page.matchAll(/^\| (\d{3}) +\| `([A-Z_]+)`/gm);
  const listed = Object.fromEntries(Array.from(rows, ([, status, code]) => [code, Number(status)]));
  expect(listed).toEqual(ingestCodes);
});

test.each([
  [0, "1"],
  [999, "1"],
  [1001, "2"],
])("Retry-After of %d ms is %s", (retryAfterMs, seconds) => {
  expect(new Refusal("BACKLOG_FULL", "full", { retryAfterMs }).headers["retry-after"]).toBe(seconds);
});
