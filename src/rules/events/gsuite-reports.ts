import type { OtherFields, RuleEvent } from "./rule-event.ts";

/** An activity of the Google Workspace Reports API. One activity can consist of several events. */
export interface GSuiteReportsEvent extends RuleEvent {
  readonly p_log_type: "GSuite.Reports";
  /** `admin#reports#activity`. */
  readonly kind?: string;
  readonly etag?: string;
  readonly id?: GSuiteActivityId;
  /** Who did it. */
  readonly actor?: GSuiteActor;
  readonly ipAddress?: string;
  /** Domain of the organization that the document or group belongs to. */
  readonly ownerDomain?: string;
  readonly events?: readonly GSuiteActivityEvent[];
}

export interface GSuiteActivityId extends OtherFields {
  /** When it happened, as `2024-03-05T06:07:08.123Z`. */
  readonly time?: string;
  /** Tells apart activities of the same time. Text, because it has up to 64 bits. */
  readonly uniqueQualifier?: string;
  /** Such as `login`, `admin`, `drive`, `token` or `groups`. */
  readonly applicationName?: string;
  readonly customerId?: string;
}

export interface GSuiteActor extends OtherFields {
  /** `USER` or `KEY`. */
  readonly callerType?: string;
  /** Missing for actors that are no users. */
  readonly email?: string;
  readonly profileId?: string;
  /** For requests signed by a key. */
  readonly key?: string;
}

export interface GSuiteActivityEvent extends OtherFields {
  /** Group of events, such as `login`. */
  readonly type?: string;
  /** Such as `login_failure`. */
  readonly name?: string;
  readonly parameters?: readonly GSuiteParameter[];
}

/** One detail of an event; the field that holds its value depends on its kind. */
export interface GSuiteParameter extends OtherFields {
  /** Such as `login_type`. */
  readonly name?: string;
  readonly value?: string;
  readonly multiValue?: readonly string[];
  /** Text, because it has up to 64 bits. */
  readonly intValue?: string;
  readonly multiIntValue?: readonly string[];
  readonly boolValue?: boolean;
  readonly messageValue?: GSuiteMessage;
  readonly multiMessageValue?: readonly GSuiteMessage[];
}

/** Parameters within a parameter. */
export interface GSuiteMessage extends OtherFields {
  readonly parameter?: readonly GSuiteParameter[];
}
