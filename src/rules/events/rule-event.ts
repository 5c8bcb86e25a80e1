import type { IndicatorField } from "../../core/event.ts";

/**
 * Fields that a type does not name. They are of type `any`, not `unknown`: logs gain fields faster than types do, and
 * some parts of a log differ from call to call, so with `unknown` a rule on them would consist of casts.
 */
export interface OtherFields {
  // oxlint-disable-next-line typescript/no-explicit-any -- A log decides which fields it has; the reason stands above.
  readonly [field: string]: any;
}

/**
 * The standard fields that every event has besides its own; a field of the record with such a name wins. They can be read
 * by name only: copies, `Object.keys` and `JSON.stringify` leave them out.
 */
export interface StandardFields {
  /** Log type, such as `AWS.CloudTrail`. */
  readonly p_log_type: string;
  /** The event's own time in UTC, as `2023-07-10 11:22:33.123000000`; the engine clock where the event has none. */
  readonly p_event_time: string;
  /** The engine clock when the event was examined, written like `p_event_time`. */
  readonly p_parse_time: string;
  /** 32 hexadecimal digits, derived from where the record stands in its source: the same in every run over the same records. */
  readonly p_row_id: string;
  /** Name of the source that the record came from. */
  readonly p_source_label: string;
}

/** Indicators found in the event, where its log type declares where to look. */
type Indicators = {
  readonly [field in IndicatorField]?: readonly string[];
};

/**
 * What a rule looks at: the parsed record, with its fields at the top, and the standard fields. Fields of the record can
 * be missing or of any type, so ask with `?.` and compare with `===`. The event is shared between rules: do not change it.
 */
export interface RuleEvent extends StandardFields, Indicators, OtherFields {}
