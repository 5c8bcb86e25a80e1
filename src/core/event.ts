import type { JsonObject } from "./json.ts";
import type { Position } from "./position.ts";

/** A record that was parsed and recognised: what rules look at, and what the engine knows about it. */
export interface Event {
  readonly kind: "event";
  readonly logType: string;
  /** The event's own time in milliseconds since the epoch; `undefined` where it is missing or cannot be parsed. */
  readonly timeMs: number | undefined;
  /** The parsed record. Rules get this very object and must not change it. */
  readonly fields: JsonObject;
  readonly position: Position;
  /**
   * The bytes of JSON that it was parsed from, for runtimes that parse them themselves. Only where one asked for them, and
   * only until the next record.
   */
  record?: Uint8Array;
}

/** Panther's names for the lists of indicators that an event may carry. */
export const indicatorFields = [
  "p_any_ip_addresses",
  "p_any_domain_names",
  "p_any_usernames",
  "p_any_emails",
  "p_any_aws_account_ids",
  "p_any_aws_arns",
  "p_any_aws_instance_ids",
  "p_any_md5_hashes",
  "p_any_sha1_hashes",
  "p_any_sha256_hashes",
  "p_any_trace_ids",
] as const;

export type IndicatorField = (typeof indicatorFields)[number];

/** Names of the standard fields that rules may ask for on any event. */
export const standardFieldNames: ReadonlySet<string> = new Set<string>([
  "p_log_type",
  "p_event_time",
  "p_parse_time",
  "p_row_id",
  "p_source_label",
  ...indicatorFields,
]);
