import * as fc from "fast-check";
import { describe, expect, test } from "vitest";

import { cloudTrail, eventOf, makeParser, parseAll } from "./fixtures.ts";

const clockMs = Date.UTC(2024, 2, 5, 7, 0, 0);
const parser = makeParser({ sourceLabel: "production trail" });

function rowId(source: string, stream: string, baseOffset: number): unknown {
  return parser.toAlertEvent(eventOf(cloudTrail(), { source, stream, baseOffset }), clockMs)["p_row_id"];
}

describe("attached standard fields", () => {
  test("can be read", () => {
    const event = eventOf(cloudTrail({ sourceIPAddress: "192.0.2.7" }));
    parser.attachStandardFields(event, clockMs);
    expect(event.fields["p_log_type"]).toBe("AWS.CloudTrail");
    expect(event.fields["p_event_time"]).toBe("2024-03-05 06:07:08.000000000");
    expect(event.fields["p_parse_time"]).toBe("2024-03-05 07:00:00.000000000");
    expect(event.fields["p_row_id"]).toMatch(/^[0-9a-f]{32}$/);
    expect(event.fields["p_source_label"]).toBe("production trail");
    expect(event.fields["p_any_ip_addresses"]).toEqual(["192.0.2.7"]);
  });

  test("are missing where there is no indicator, as from an alert's event", () => {
    const event = eventOf(cloudTrail());
    parser.attachStandardFields(event, clockMs);
    expect(event.fields["p_any_emails"]).toBeUndefined();
  });

  test("stay out of JSON, names and copies", () => {
    const record = cloudTrail({ sourceIPAddress: "192.0.2.7" });
    const event = eventOf(record);
    parser.attachStandardFields(event, clockMs);
    expect(JSON.parse(JSON.stringify(event.fields))).toEqual(record);
    expect(Object.keys(event.fields)).toEqual(Object.keys(record));
    expect(Reflect.ownKeys({ ...event.fields })).toEqual(Object.keys(record));
    const seen: string[] = [];
    for (const name in event.fields) seen.push(name);
    expect(seen).toEqual(Object.keys(record));
  });

  test("give way to the record's own", () => {
    const event = eventOf(cloudTrail({ p_row_id: "its own", p_any_usernames: ["kept"], p_event_time: null }));
    parser.attachStandardFields(event, clockMs);
    expect(event.fields["p_row_id"]).toBe("its own");
    expect(event.fields["p_any_usernames"]).toEqual(["kept"]);
    expect(event.fields["p_event_time"]).toBeNull();
  });

  test("belong to their own event, also when two are read in turns and late", () => {
    const [first, second] = parseAll([
      JSON.stringify(cloudTrail({ sourceIPAddress: "192.0.2.1" })),
      JSON.stringify(cloudTrail({ sourceIPAddress: "192.0.2.2" })),
    ]);
    if (first?.kind !== "event" || second?.kind !== "event") throw new Error("no events");
    parser.attachStandardFields(first, clockMs);
    makeParser({ sourceLabel: "other" }).attachStandardFields(second, clockMs + 1000);
    expect(second.fields["p_any_ip_addresses"]).toEqual(["192.0.2.2"]);
    expect(first.fields["p_any_ip_addresses"]).toEqual(["192.0.2.1"]);
    expect(second.fields["p_parse_time"]).toBe("2024-03-05 07:00:01.000000000");
    expect(first.fields["p_parse_time"]).toBe("2024-03-05 07:00:00.000000000");
    expect(second.fields["p_source_label"]).toBe("other");
    expect(first.fields["p_source_label"]).toBe("production trail");
    expect(first.fields["p_row_id"]).not.toBe(second.fields["p_row_id"]);
  });

  test("follow the clock when they are attached again", () => {
    const event = eventOf(cloudTrail());
    parser.attachStandardFields(event, clockMs);
    parser.attachStandardFields(event, clockMs + 60_000);
    expect(event.fields["p_parse_time"]).toBe("2024-03-05 07:01:00.000000000");
  });

  test("cannot be used to change what other events inherit", () => {
    const event = eventOf(cloudTrail());
    parser.attachStandardFields(event, clockMs);
    const inherited: unknown = Object.getPrototypeOf(event.fields);
    expect(Object.isFrozen(inherited)).toBe(true);
    expect(event.fields instanceof Object).toBe(true);
  });

  test("take the parse time for an event without a time, as Panther does", () => {
    const event = eventOf(cloudTrail({ eventTime: null }));
    parser.attachStandardFields(event, clockMs);
    expect(event.fields["p_event_time"]).toBe("2024-03-05 07:00:00.000000000");
  });

  test("work beside fields named like parts of objects", () => {
    const record = JSON.stringify(cloudTrail()).replace(
      /\}$/,
      ',"__proto__":{"x":1},"constructor":2,"toString":3}',
    );
    const event = eventOf(record);
    parser.attachStandardFields(event, clockMs);
    expect(event.fields["p_log_type"]).toBe("AWS.CloudTrail");
    expect(Object.getOwnPropertyDescriptor(event.fields, "__proto__")?.value).toEqual({ x: 1 });
    expect(event.fields["constructor"]).toBe(2);
  });
});

describe("the row id", () => {
  // The first half of what sha256sum says of ["files","/logs/a.json",17].
  test("is the same for the same position in every run", () => {
    expect(rowId("files", "/logs/a.json", 17)).toBe("16f3413b96e96d2d88557224fcbfde57");
  });

  test("differs with source, stream and offset, wherever one ends and the next begins", () => {
    const ids = [
      rowId("a", "b", 1),
      rowId("a", "b", 2),
      rowId("a", "c", 1),
      rowId("ab", "", 1),
      rowId("", "ab", 1),
    ];
    expect(new Set(ids).size).toBe(ids.length);
  });
});

describe("the event of an alert", () => {
  test("has all own fields, the standard fields and only the indicators there are", () => {
    const record = cloudTrail({ sourceIPAddress: "192.0.2.7", nested: { a: [1] } });
    const alertEvent = parser.toAlertEvent(eventOf(record), clockMs);
    expect(alertEvent).toMatchObject(record);
    expect(Object.keys(alertEvent).filter((name) => name.startsWith("p_"))).toEqual([
      "p_log_type",
      "p_event_time",
      "p_parse_time",
      "p_row_id",
      "p_source_label",
      "p_any_ip_addresses",
    ]);
  });

  test("is the same whether or not standard fields were attached, and plain", () => {
    const event = eventOf(cloudTrail({ sourceIPAddress: "192.0.2.7" }));
    const before = parser.toAlertEvent(event, clockMs);
    parser.attachStandardFields(event, clockMs);
    const after = parser.toAlertEvent(event, clockMs);
    expect(JSON.stringify(after)).toBe(JSON.stringify(before));
    expect(Object.getPrototypeOf(after)).toBe(Object.prototype);
  });

  test("keeps the record's own standard fields", () => {
    const event = eventOf({ p_log_type: "Acme.Unheard", p_source_label: "kept", p_any_emails: [] });
    expect(parser.toAlertEvent(event, clockMs)).toMatchObject({
      p_log_type: "Acme.Unheard",
      p_source_label: "kept",
      p_any_emails: [],
    });
  });

  test("becomes, given back as a record, the same event", () => {
    const first = parser.toAlertEvent(eventOf(cloudTrail({ sourceIPAddress: "192.0.2.7" })), clockMs);
    const again = eventOf(first, { baseOffset: 99 });
    expect(parser.toAlertEvent(again, clockMs + 5000)).toEqual(first);
  });

  test("copies any field name as a field", () => {
    const names = fc.dictionary(
      fc.oneof(fc.string(), fc.constant("__proto__"), fc.constant("constructor")),
      fc.jsonValue(),
    );
    fc.assert(
      fc.property(names, (fields) => {
        const text = `{"p_log_type":"Acme.Any",${JSON.stringify(fields).slice(1)}`.replace(/,\}$/, "}");
        const alertEvent = parser.toAlertEvent(eventOf(text), clockMs);
        for (const name of Object.keys(JSON.parse(text) as object))
          expect(Object.hasOwn(alertEvent, name)).toBe(true);
        expect(Object.getPrototypeOf(alertEvent)).toBe(Object.prototype);
      }),
    );
  });
});
