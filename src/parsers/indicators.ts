import { isIP } from "node:net";
import { domainToUnicode } from "node:url";

import { indicatorFields, type IndicatorField } from "../core/event.ts";
import type { JsonObject, JsonValue } from "../core/json.ts";
import type { LogType } from "./log-type.ts";
import { visitTexts, visitValues } from "./paths.ts";

/** The non-empty lists of indicators of an event, each sorted and without duplicates. */
export type Indicators = { readonly [field in IndicatorField]?: readonly string[] };

/** Everything the log type declares to be an indicator and that has the form of one. */
export function collectIndicators(logType: LogType, fields: JsonObject): Indicators {
  const found = new Collector();
  for (const { field, path } of logType.indicators) {
    visitValues(fields, path, (value) => found.addValue(field, value));
  }
  for (const path of logType.scans) {
    visitValues(fields, path, (value) => visitTexts(value, "", (text, name) => found.scan(text, name)));
  }
  return found.lists();
}

const accountId = /^\d{12}$/;
const instanceId = /^i-[0-9a-f]{8,17}$/;

/** By field: the text as it is listed, or `undefined` when it does not have the indicator's form. */
const normalisers: Readonly<Record<IndicatorField, (text: string) => string | undefined>> = {
  p_any_ip_addresses: (text) => (isIP(text) === 0 ? undefined : text),
  p_any_domain_names: normaliseDomain,
  p_any_usernames: (text) => text,
  p_any_emails: (text) => (/^[^\s@]+@[^\s@]+$/.test(text) ? text : undefined),
  p_any_aws_account_ids: (text) => (accountId.test(text) ? text : undefined),
  p_any_aws_arns: (text) => (isArn(text) ? text : undefined),
  p_any_aws_instance_ids: (text) => (instanceId.test(text) ? text : undefined),
  p_any_md5_hashes: (text) => normaliseHash(text, 32),
  p_any_sha1_hashes: (text) => normaliseHash(text, 40),
  p_any_sha256_hashes: (text) => normaliseHash(text, 64),
  p_any_trace_ids: (text) => text,
};

/** `arn:partition:service:region:account:resource`. */
function isArn(text: string): boolean {
  return text.startsWith("arn:") && text.split(":", 6).length === 6 && !/\s/.test(text);
}

function normaliseHash(text: string, length: number): string | undefined {
  return text.length === length && /^[0-9a-fA-F]+$/.test(text) ? text.toLowerCase() : undefined;
}

function normaliseDomain(text: string): string | undefined {
  if (text.length > 253 || isIP(text) !== 0) return undefined;
  const labels = text.split(".");
  if (
    labels.length < 2 ||
    !labels.every((label) => /^[\p{L}\p{N}_](?:[\p{L}\p{N}_-]*[\p{L}\p{N}_])?$/u.test(label))
  ) {
    return undefined;
  }
  return text.includes("xn--") ? domainToUnicode(text) || text : text;
}

class Collector {
  readonly #sets = new Map<IndicatorField, Set<string>>();

  /** A value from a declared path. Account numbers may be JSON numbers; nothing else but text counts. */
  addValue(field: IndicatorField, value: JsonValue): void {
    if (typeof value === "string") this.add(field, value);
    else if (typeof value === "number" && field === "p_any_aws_account_ids") this.add(field, String(value));
  }

  add(field: IndicatorField, text: string): void {
    const trimmed = text.trim();
    const value = trimmed === "" ? undefined : normalisers[field](trimmed);
    if (value === undefined) return;
    const values = this.#sets.get(field);
    if (values === undefined) this.#sets.set(field, new Set([value]));
    else values.add(value);
    if (field === "p_any_aws_arns") this.#addPartsOfArn(value);
  }

  #addPartsOfArn(arn: string): void {
    const [, , , , account = "", ...resource] = arn.split(":");
    this.add("p_any_aws_account_ids", account);
    const instance = /^instance\/(.+)$/.exec(resource.join(":"))?.[1];
    if (instance !== undefined) this.add("p_any_aws_instance_ids", instance);
  }

  /** Text from a subtree of unknown shape: its form tells what it is, or the name of its field where the form does not. */
  scan(text: string, name: string): void {
    if (text.startsWith("arn:")) this.add("p_any_aws_arns", text);
    else if (text.startsWith("i-")) this.add("p_any_aws_instance_ids", text);
    else if (isIP(text) !== 0) this.add("p_any_ip_addresses", text);
    else if (/^account$|account_?id$/i.test(name)) this.add("p_any_aws_account_ids", text);
    else if (/dnsname$|^domain(?:name)?$|hostname$/i.test(name)) this.add("p_any_domain_names", text);
  }

  lists(): Indicators {
    const lists: { [field in IndicatorField]?: readonly string[] } = {};
    for (const field of indicatorFields) {
      const values = this.#sets.get(field);
      // Rules share the list as they share the event.
      if (values !== undefined) lists[field] = Object.freeze([...values].sort());
    }
    return lists;
  }
}
