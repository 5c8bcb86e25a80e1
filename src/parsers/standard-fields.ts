import { hash } from "node:crypto";

import { indicatorFields, type Event, type IndicatorField } from "../core/event.ts";
import type { JsonObject, JsonValue } from "../core/json.ts";
import type { Position } from "../core/position.ts";
import { collectIndicators, type Indicators } from "./indicators.ts";
import type { LogType } from "./log-type.ts";
import { formatTime } from "./time.ts";

/** What the standard fields of one event are derived from. */
export interface StandardContext {
  readonly event: Event;
  /** The engine clock when the event was examined: its parse time, so that a replay answers the same. */
  readonly clockMs: number;
  readonly sourceLabel: string;
  /** `undefined` for a log type that only the event itself names: nobody knows its indicators. */
  readonly logType: LogType | undefined;
}

/** The standard fields of one event, each computed when it is first asked for. */
class StandardValues {
  readonly context: StandardContext;
  #indicators: Indicators | undefined;

  constructor(context: StandardContext) {
    this.context = context;
  }

  indicators(field: IndicatorField): readonly string[] | undefined {
    const { logType, event } = this.context;
    if (logType === undefined) return undefined;
    this.#indicators ??= collectIndicators(logType, event.fields);
    return this.#indicators[field];
  }
}

type Derive = (values: StandardValues) => JsonValue | undefined;

const standardFields: ReadonlyMap<string, Derive> = new Map<string, Derive>([
  ["p_log_type", ({ context }) => context.event.logType],
  ["p_event_time", ({ context }) => formatTime(context.event.timeMs ?? context.clockMs)],
  ["p_parse_time", ({ context }) => formatTime(context.clockMs)],
  ["p_row_id", ({ context }) => rowId(context.event.position)],
  ["p_source_label", ({ context }) => context.sourceLabel],
  ...indicatorFields.map((field): [string, Derive] => [field, (values) => values.indicators(field)]),
]);

/** 32 hexadecimal digits that are the same for the same record in every run. */
function rowId({ source, stream, offset }: Position): string {
  return hash("sha256", JSON.stringify([source, stream, offset]), "hex").slice(0, 32);
}

function given(object: object): object {
  return object;
}

/** What a constructor answers is what a class derived from it adds its private fields to. */
const Given = given as unknown as new (object: object) => object;

/**
 * Ties values to an event's fields by a private field: invisible to rules, copies and JSON, gone with the object, and
 * half the cost of a WeakMap.
 */
class Attached extends Given {
  #values: StandardValues | undefined;

  static set(fields: object, values: StandardValues): void {
    const attached = #values in fields ? fields : new Attached(fields);
    attached.#values = values;
  }

  static get(fields: object): StandardValues | undefined {
    return #values in fields ? fields.#values : undefined;
  }
}

/** What event fields inherit once they are attached. One for all: the values hang on each object. */
const prototype: object = Object.freeze(
  Object.create(Object.prototype, Object.fromEntries(describeGetters())),
);

function* describeGetters(): Generator<[string, PropertyDescriptor]> {
  for (const [field, derive] of standardFields) {
    const get = function (this: object): JsonValue | undefined {
      const values = Attached.get(this);
      return values && derive(values);
    };
    yield [field, { get }];
  }
}

/** Makes the standard fields readable on `event.fields`; see `Parser.attachStandardFields`. */
export function attachStandardFields(context: StandardContext): void {
  const { fields } = context.event;
  Attached.set(fields, new StandardValues(context));
  Object.setPrototypeOf(fields, prototype);
}

/** The event's own fields and its standard fields in one object; see `Parser.toAlertEvent`. */
export function toAlertEvent(context: StandardContext): JsonObject {
  const values = new StandardValues(context);
  // Spreading copies a field named __proto__ as a field; assigning it would change the prototype.
  const copy: Record<string, JsonValue> = { ...context.event.fields };
  for (const [field, derive] of standardFields) {
    const value = Object.hasOwn(copy, field) ? undefined : derive(values);
    if (value !== undefined) copy[field] = value;
  }
  return copy;
}
