import { describe, expect, test } from "vitest";

import { eventOf, withPythonRules } from "./fixtures.ts";

const file = withPythonRules();

const fields = {
  A: 1,
  b: { C: [1, { x: 2 }, [3]], d: null },
  l: [],
  s: "t",
  lst: [{ k: 1 }, { k: 2 }, { k: 1 }, { K: 5 }],
};

/** An expression about the event above, and what it comes to: what Panther's own event answers, unless a comment says else. */
const cases: Readonly<Record<string, readonly (readonly [string, string])[]>> = {
  "keys are found whatever their case": [
    ['event["a"]', "1"],
    ['event.get("S")', "'t'"],
    ['event["B"]["c"][0]', "1"],
    ['"a" in event', "True"],
    ['"zz" in event', "False"],
  ],
  "an exact key comes before one of another case": [
    ['event.__class__({"K": 1, "k": 2})["k"]', "2"],
    ['event.__class__({"aB": 1, "Ab": 2})["AB"]', "1"],
  ],
  "get answers the default only for a missing key": [
    ['event.get("zz", 5)', "5"],
    ['event["b"].get("D", 7)', "None"],
    ['event["zz"]', "KeyError: 'zz'"],
  ],
  "containers show themselves as Panther's do": [
    ['event["b"]', "ImmutableCaseInsensitiveDict({'C': [1, {'x': 2}, [3]], 'd': None})"],
    ['event["b"]["c"]', "ImmutableList((1, {'x': 2}, [3]))"],
    ['event["b"]["c"][1]', "ImmutableCaseInsensitiveDict({'x': 2})"],
    ["type(event).__name__", "'PantherEvent'"],
  ],
  "containers equal what they hold": [
    ["event == event.to_dict()", "True"],
    ['event["b"] == {"C": [1, {"x": 2}, [3]], "d": None}', "True"],
    ['event["b"] == {"c": [1, {"x": 2}, [3]], "d": None}', "False"],
    ['event["b"]["c"] == [1, {"x": 2}, [3]]', "True"],
    ['event["b"]["c"] == (1, {"x": 2}, [3])', "True"],
    ['event["b"] in [event["b"]]', "True"],
  ],
  "containers are neither dict nor list": [
    ["isinstance(event, dict)", "False"],
    ['isinstance(event["l"], list)', "False"],
    ["isinstance(event, Mapping)", "True"],
    ['isinstance(event["l"], Sequence)', "True"],
  ],
  "containers cannot be changed": [
    ["event.update({})", "AttributeError: 'PantherEvent' object has no attribute 'update'"],
    ['event["b"]["c"].append(1)', "AttributeError: 'ImmutableList' object has no attribute 'append'"],
    ['event["b"]["c"] + [1]', "TypeError: unsupported operand type(s) for +: 'ImmutableList' and 'list'"],
    ['hash(event["b"])', "TypeError: unhashable type: 'ImmutableCaseInsensitiveDict'"],
    ['hash(event["l"])', "TypeError: unhashable type: 'ImmutableList'"],
  ],
  "copies are plain and the caller's own": [
    ['event["b"].copy()', "{'C': [1, {'x': 2}, [3]], 'd': None}"],
    ['event["l"].copy()', "[]"],
    ['event.to_dict()["lst"].append(1)', "None"],
    ['len(event["lst"])', "4"],
    ['copy.deepcopy(event["b"]) == event["b"]', "True"],
  ],
  "slices are tuples, indexes count from the end too": [
    ['event["b"]["c"][0:1]', "(1,)"],
    ['event["lst"][-1]["k"]', "5"],
    ['event["lst"][9]', "IndexError: list index out of range"],
    ['event["b"]["c"].index(1)', "0"],
  ],
  "deep_get walks mappings": [
    ['event.deep_get("b", "d", default=3)', "3"],
    ['event.deep_get("B", "c")', "ImmutableList((1, {'x': 2}, [3]))"],
    ['event.deep_get("b", "zz", "q")', "None"],
    ['event.deep_get("s", "q", default=1)', "1"],
    ['event.deep_get("lst", "k")', "None"],
  ],
  "deep_walk goes through lists and answers plain values": [
    ['event.deep_walk("lst", "k")', "[1, 2]"],
    ['event.deep_walk("lst", "k", return_val="first")', "1"],
    ['event.deep_walk("lst", "k", return_val="last")', "2"],
    ['event.deep_walk("lst", "zz", default="dd")', "'dd'"],
    ['event.deep_walk("b")', "{'C': [1, {'x': 2}, [3]], 'd': None}"],
    ['event.deep_walk("l")', "None"],
    ['event.deep_walk("s")', "'t'"],
    ['type(event.deep_walk("lst")).__name__', "'list'"],
  ],
  "udm looks in p_udm and in the event where no data model maps the name": [
    ['event.udm("s")', "'t'"],
    ['event.udm("zz", default=4)', "4"],
    ['event.__class__({"p_udm": {"q": ""}, "q": 0}).udm("q", default=4)', "4"],
    ['event.__class__({"p_udm": {"user": {"name": "x"}}}).udm("user", "name")', "'x'"],
    ['event.udm_path("s")', "PantherError: there is no data model for log type None"],
  ],
  "lookup answers rows of mocked tables": [
    ['event.lookup("T", "k")', "None"],
    ['event.__class__({"_mocked_lookup_data_": {"T": {"k": {"r": 1}}}}).lookup("T", "k")["R"]', "1"],
  ],
  "event_time_epoch is 0 where there is no time": [
    ["event.event_time_epoch()", "0"],
    ['event.__class__({"p_event_time": "2024-01-01 00:00:00.123"}).event_time_epoch()', "1704067200"],
    ['event.__class__({"p_event_time": "2024-01-01T00:00:00+02:00"}).event_time_epoch()', "1704060000"],
    // Panther's own package answers 0 for a time that ends in Z.
    ['event.__class__({"p_event_time": "2024-01-01T00:00:00Z"}).event_time_epoch()', "1704067200"],
    ['event.__class__({"p_event_time": "soon"}).event_time_epoch()', "0"],
    ['event.__class__({"p_event_time": 5}).event_time_epoch()', "0"],
  ],
  "json_encoder makes JSON of containers": [
    ['json.dumps(event["b"], default=event.json_encoder)', '\'{"C": [1, {"x": 2}, [3]], "d": null}\''],
    [
      'json.dumps(event["b"])',
      "TypeError: Object of type ImmutableCaseInsensitiveDict is not JSON serializable",
    ],
  ],
};

describe.each(Object.entries(cases))("%s", (_, rows) => {
  test.each(rows)("%s is %s", (expression, shown) => {
    const { shows } = file();
    // Errors carry more words in newer versions of Python.
    expect(shows(expression, eventOf(fields)).slice(0, shown.length)).toBe(shown);
  });
});

describe("values arrive as they were written", () => {
  test.each([
    ["1.0", "1.0"],
    ["12345678901234567890123", "12345678901234567890123"],
    ["1e3", "1000.0"],
    ["true", "True"],
    ["null", "None"],
    ['"é\\ud83d\\ude00"', "'é😀'"],
    ['"\\ud800"', "'\\ud800'"],
  ])("%s is %s", (json, shown) => {
    const { shows } = file();
    expect(shows('event["v"]', eventOf({}, { json: `{"v": ${json}}` }))).toBe(shown);
  });

  test("an integer of more digits than Python makes integers of becomes a float", () => {
    const json = `{"v": ${"9".repeat(5000)}}`;
    expect(file().shows('event["v"]', eventOf({}, { json }))).toBe("inf");
  });

  test("an event larger than any before it arrives whole", () => {
    const event = eventOf({ v: "x".repeat(3_000_000) });
    expect(file().shows('len(event["v"])', event)).toBe("3000000");
  });
});

describe("standard fields", () => {
  /** Fields that inherit standard fields, as those of an event in a run do. */
  const attached = (own: object): ReturnType<typeof eventOf> => {
    const event = eventOf({});
    const standard = { p_log_type: "Test.Log", p_any_ip_addresses: ["192.0.2.1"] };
    const inherited = Object.create(standard) as object;
    return { ...event, fields: Object.assign(inherited, own) as typeof event.fields };
  };

  test("are there when a rule asks for one", () => {
    const { shows } = file();
    expect(shows('event.get("p_any_ip_addresses")', attached({ a: 1 }))).toBe(
      "ImmutableList(('192.0.2.1',))",
    );
    expect(shows('event.get("p_nothing", "none")', attached({ a: 1 }))).toBe("'none'");
  });

  test("are there when a rule looks at the event as a whole", () => {
    const { shows } = file();
    expect(shows("sorted(event.to_dict())", attached({ a: 1 }))).toBe(
      "['a', 'p_any_ip_addresses', 'p_log_type']",
    );
    expect(shows('"p_log_type" in event', attached({ a: 1 }))).toBe("True");
  });

  test("give way to the record's own", () => {
    expect(file().shows('event["p_log_type"]', attached({ p_log_type: "Own" }))).toBe("'Own'");
  });

  test("are not there for an event that has none", () => {
    expect(file().shows('event.get("p_log_type")', eventOf({ a: 1 }))).toBe("None");
  });
});
