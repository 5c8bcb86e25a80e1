import { describe, expect, test } from "vitest";

import type { IndicatorField } from "../../src/core/event.ts";
import type { JsonObject, JsonValue } from "../../src/core/json.ts";
import { collectIndicators } from "../../src/parsers/indicators.ts";
import { compileLogType } from "../../src/parsers/log-type.ts";

interface Setup {
  readonly indicators?: { readonly [field in IndicatorField]?: readonly string[] };
  readonly scan?: readonly string[];
}

function collect(setup: Setup, fields: JsonObject): unknown {
  const logType = compileLogType({ name: "Test.Type", ...setup }, (path, message) => {
    throw new Error(`${path.join(".")}: ${message}`);
  });
  if (logType === undefined) throw new Error("no log type");
  return collectIndicators(logType, fields);
}

/** The list of one field whose only path is `value`. */
function listOf(field: IndicatorField, ...values: readonly JsonValue[]): unknown {
  const found = collect({ indicators: { [field]: ["value"] } }, { value: values });
  return (found as Record<string, unknown>)[field];
}

describe("indicators by path", () => {
  test("are sorted and without duplicates", () => {
    expect(listOf("p_any_ip_addresses", "192.0.2.9", "192.0.2.10", "192.0.2.9", "2001:db8::1")).toEqual([
      "192.0.2.10",
      "192.0.2.9",
      "2001:db8::1",
    ]);
  });

  test.each<[IndicatorField, JsonValue, string | undefined]>([
    ["p_any_ip_addresses", " 192.0.2.1 ", "192.0.2.1"],
    ["p_any_ip_addresses", "192.0.2.256", undefined],
    ["p_any_ip_addresses", "192.0.2.1:443", undefined],
    ["p_any_ip_addresses", 3221225985, undefined],
    ["p_any_domain_names", "s3.amazonaws.com", "s3.amazonaws.com"],
    ["p_any_domain_names", "xn--bcher-kva.example", "bücher.example"],
    ["p_any_domain_names", "AWS Internal", undefined],
    ["p_any_domain_names", "192.0.2.1", undefined],
    ["p_any_domain_names", "localhost", undefined],
    ["p_any_domain_names", "a..example", undefined],
    ["p_any_domain_names", `${"a.".repeat(200)}example`, undefined],
    ["p_any_usernames", "alice", "alice"],
    ["p_any_usernames", "", undefined],
    ["p_any_usernames", null, undefined],
    ["p_any_usernames", { name: "alice" }, undefined],
    ["p_any_emails", "alice@example.com", "alice@example.com"],
    ["p_any_emails", "alice", undefined],
    ["p_any_emails", "not an @ address", undefined],
    ["p_any_aws_account_ids", "123456789012", "123456789012"],
    ["p_any_aws_account_ids", 123456789012, "123456789012"],
    ["p_any_aws_account_ids", "1234", undefined],
    ["p_any_aws_arns", "arn:aws:s3:::bucket", "arn:aws:s3:::bucket"],
    ["p_any_aws_arns", "arn:aws:s3", undefined],
    ["p_any_aws_arns", "bucket", undefined],
    ["p_any_aws_instance_ids", "i-0abc123def4567890", "i-0abc123def4567890"],
    ["p_any_aws_instance_ids", "i-robot", undefined],
    ["p_any_md5_hashes", "D41D8CD98F00B204E9800998ECF8427E", "d41d8cd98f00b204e9800998ecf8427e"],
    ["p_any_md5_hashes", "d41d8cd98f00b204e9800998ecf8427", undefined],
    ["p_any_md5_hashes", "z41d8cd98f00b204e9800998ecf8427e", undefined],
    ["p_any_sha1_hashes", "a".repeat(40), "a".repeat(40)],
    ["p_any_sha1_hashes", "a".repeat(32), undefined],
    ["p_any_sha256_hashes", "0".repeat(64), "0".repeat(64)],
    ["p_any_sha256_hashes", "0".repeat(65), undefined],
    ["p_any_trace_ids", "trace-1", "trace-1"],
  ])("%s of %j is %j", (field, value, expected) => {
    expect(listOf(field, value)).toEqual(expected === undefined ? undefined : [expected]);
  });

  test("an ARN also gives its account and instance", () => {
    const arn = "arn:aws:ec2:eu-central-1:123456789012:instance/i-0abc123def4567890";
    expect(collect({ indicators: { p_any_aws_arns: ["a"] } }, { a: arn })).toEqual({
      p_any_aws_arns: [arn],
      p_any_aws_account_ids: ["123456789012"],
      p_any_aws_instance_ids: ["i-0abc123def4567890"],
    });
  });

  test("are found through arrays anywhere on the path", () => {
    const fields = {
      a: [{ b: [{ c: ["192.0.2.1"] }, { c: "192.0.2.2" }] }, { b: { c: "192.0.2.3" } }, 5, null],
    };
    expect(collect({ indicators: { p_any_ip_addresses: ["a.b.c"] } }, fields)).toEqual({
      p_any_ip_addresses: ["192.0.2.1", "192.0.2.2", "192.0.2.3"],
    });
  });

  test("are never what an object inherits", () => {
    expect(
      collect({ indicators: { p_any_usernames: ["constructor.name", "__proto__.x"] } }, { a: 1 }),
    ).toEqual({});
  });
});

describe("scanning a subtree", () => {
  test("finds by form what has one", () => {
    const fields = {
      data: {
        any: ["arn:aws:sns:eu-central-1:123456789012:t", { deep: "i-0abc123def4567890" }],
        where: "198.51.100.4",
      },
      beside: "203.0.113.9",
    };
    expect(collect({ scan: ["data"] }, fields)).toEqual({
      p_any_aws_arns: ["arn:aws:sns:eu-central-1:123456789012:t"],
      p_any_aws_account_ids: ["123456789012"],
      p_any_aws_instance_ids: ["i-0abc123def4567890"],
      p_any_ip_addresses: ["198.51.100.4"],
    });
  });

  test("finds accounts and domain names by the names of their fields", () => {
    const data = {
      sourceAccountId: "123456789012",
      account: ["210987654321"],
      order: "111111111111",
      publicDnsName: "host.example.com",
      other: "text.example.com",
    };
    expect(collect({ scan: ["data"] }, { data })).toEqual({
      p_any_aws_account_ids: ["123456789012", "210987654321"],
      p_any_domain_names: ["host.example.com"],
    });
  });

  test("of nothing, or of text that is no object, finds nothing", () => {
    expect(collect({ scan: ["data", "gone.away"] }, { data: null, gone: "x" })).toEqual({});
  });
});
