import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

import { describe, expect, test } from "vitest";
import { parse } from "yaml";

import { systemClock } from "../../src/core/clock.ts";
import type { JsonValue } from "../../src/core/json.ts";
import { renderTemplate, templateProblems } from "../../src/destinations/template.ts";
import { alert } from "../core/alert.fixture.ts";
import { temporaryFolder } from "./fixtures.ts";
import { startReceiver, type ReceivedRequest } from "./receiver.ts";
import { send } from "./request-fixtures.ts";
import { webhook } from "./webhook/fixtures.ts";

const page = readFileSync(new URL("../../docs/destinations.md", import.meta.url), "utf8");

/** The first block of code in a language after a heading. */
function example(heading: string, language: string): string {
  const section = page.split(`# ${heading}\n`)[1] ?? "";
  return section.split(`\`\`\`${language}\n`)[1]?.split("\n```")[0] ?? "";
}

type Verify = (headers: ReceivedRequest["headers"], body: string, secret: string) => boolean;

async function documentedVerify(): Promise<Verify> {
  const file = join(temporaryFolder(), "verify.mjs");
  writeFileSync(file, example("Checking the signature", "js"));
  const loaded = (await import(pathToFileURL(file).href)) as { readonly isFromStakeout: Verify };
  return loaded.isFromStakeout;
}

/** A request as a receiver gets it now. */
async function signedRequest(): Promise<ReceivedRequest> {
  const receiver = await startReceiver(() => ({ status: 200 }));
  await send(webhook({ url: receiver.url, secret: "s3cret" }, { clock: systemClock }));
  const [request] = receiver.requests;
  if (request === undefined) throw new Error("Nothing was received.");
  return request;
}

describe("the documented check of a signature", () => {
  test("accepts what a webhook sends", async () => {
    const { headers, body } = await signedRequest();
    expect((await documentedVerify())(headers, body, "s3cret")).toBe(true);
  });

  test("refuses anything else", async () => {
    const verify = await documentedVerify();
    const { headers, body } = await signedRequest();
    const stale = { ...headers, "x-stakeout-timestamp": "1767225600" };
    const future = { ...headers, "x-stakeout-timestamp": "Infinity" };
    const unsigned = { ...headers, "x-stakeout-signature": undefined };
    expect(verify(headers, body, "other")).toBe(false);
    expect(verify(headers, `${body} `, "s3cret")).toBe(false);
    expect(verify(stale, body, "s3cret")).toBe(false);
    expect(verify(future, body, "s3cret")).toBe(false);
    expect(verify(unsigned, body, "s3cret")).toBe(false);
    expect(verify({}, body, "s3cret")).toBe(false);
  });
});

test("the documented template gives what the text says", () => {
  const { body } = parse(example("A body of your own", "yaml")) as { readonly body: JsonValue };
  expect(templateProblems(body)).toEqual([]);
  expect(renderTemplate(body, alert({ title: "T", matchCount: 2, events: [{ n: 1 }] }))).toEqual({
    name: "medium: T",
    user: null,
    event: { n: 1 },
    count: 2,
    labels: { team: "cloud" },
  });
});
