import { describe, expect, test } from "vitest";

import { withPython } from "./fixtures.ts";

const newTrial = withPython();

function base(expression: string): unknown {
  return newTrial().ask(`from panther_base_helpers import *\n${expression}`);
}

function oss(expression: string): unknown {
  return newTrial().ask(`from panther_oss_helpers import *\n${expression}`);
}

describe("panther_base_helpers", () => {
  test.each([
    ["deep_get({'a': {'b': 1}}, 'a', 'b')", 1],
    ["deep_get({'a': {'b': None}}, 'a', 'b', default=2)", 2],
    ["deep_get({'a': 'text'}, 'a', 'b')", null],
    ["deep_get({'a': False}, 'a', default=2)", false],
    ["deep_get(None, 'a', default=2)", 2],
    ["deep_get({'a': 1})", { a: 1 }],
  ])("%s", (expression, answer) => {
    expect(base(expression)).toEqual(answer);
  });

  test.each([
    ["deep_walk({'a': [{'b': 1}, {'b': 2}, {'b': 1}, {'c': 3}]}, 'a', 'b')", [1, 2]],
    ["deep_walk({'a': [{'b': 1}, {'b': 2}]}, 'a', 'b', return_val='first')", 1],
    ["deep_walk({'a': [{'b': 1}, {'b': 2}]}, 'a', 'b', return_val='last')", 2],
    ["deep_walk({'a': [{'b': 1}]}, 'a', 'b')", 1],
    ["deep_walk({'a': [{'b': [1, 2]}, {'b': 3}]}, 'a', 'b')", [1, 2, 3]],
    ["deep_walk({'a': [{'b': {'c': 1}}, {'b': {'c': 1}}]}, 'a', 'b')", { c: 1 }],
    ["deep_walk([[{'a': 0}], [{'a': ''}, {'a': None}]], 'a')", [0, ""]],
    ["deep_walk({'a': []}, 'a', default='none')", "none"],
    ["deep_walk({'a': 'text'}, 'a', 'b', default='none')", "none"],
  ])("%s", (expression, answer) => {
    expect(base(expression)).toEqual(answer);
  });

  test("deep_walk goes through many values in a short time", () => {
    expect(base("len(deep_walk({'a': [{'b': str(n)} for n in range(100_000)]}, 'a', 'b'))")).toBe(100_000);
  });

  test.each([
    [
      "get_val_from_list([{'k': 1, 'v': 'a'}, {'k': 2, 'v': 'b'}, {'k': 1, 'v': 'c'}], 'v', 'k', 1)",
      ["a", "c"],
    ],
    ["repr(get_val_from_list([{'k': 1, 'v': 'a'}], 'v', 'k', 3))", "set()"],
    ["key_value_list_to_dict([{'n': 'a', 'v': 1}, {'n': 'b', 'v': 2}], 'n', 'v')", { a: 1, b: 2 }],
    [
      "[listify('ab'), listify(None), listify({'a': 1}), listify(['a']), listify(('a', 'b'))]",
      [["ab"], [null], [{ a: 1 }], ["a"], ["a", "b"]],
    ],
  ])("%s", (expression, answer) => {
    expect(base(expression)).toEqual(answer);
  });

  test.each([
    ["is_ip_in_network('10.1.2.3', ['192.168.0.0/16', '10.0.0.0/8'])", true],
    ["is_ip_in_network('10.1.2.3', '10.0.0.0/8')", true],
    ["is_ip_in_network('::1', ['10.0.0.0/8'])", false],
    ["is_ip_in_network('10.1.2.3', [])", false],
    ["pattern_match('admin-7', 'admin-*')", true],
    ["pattern_match('Admin-7', 'admin-*')", false],
    ["pattern_match_list('b.txt', ['*.exe', '?.txt'])", true],
    ["pattern_match_list('b.txt', [])", false],
    ["severity_greater_than('HIGH', 'LOW')", true],
    ["severity_greater_than('LOW', 'LOW')", false],
    ["severity_greater_than('DEFAULT', 'INFO')", false],
    ["EMAIL_REGEX.findall('from a.b+c@mail.example.org, to x@localhost')", ["a.b+c@mail.example.org"]],
    ["defang_ioc('https://evil.example/a.b')", "hxxps://evil[.]example/a[.]b"],
    ["ioc_match(['a', 'b', 'c'], {'c', 'a'})", ["a", "c"]],
    ["ioc_match('a', {'a'})", ["a"]],
    ["ioc_match(None, {'a'})", []],
    [
      "aws_strip_role_session_id('arn:aws:sts::1:assumed-role/Admin/alice')",
      "arn:aws:sts::1:assumed-role/Admin",
    ],
    ["aws_strip_role_session_id('arn:aws:iam::1:user/path/alice')", "arn:aws:iam::1:user/path/alice"],
  ])("%s", (expression, answer) => {
    expect(base(expression)).toEqual(answer);
  });

  test("is_ip_in_network raises ValueError for what is no address", () => {
    expect(() => base("is_ip_in_network('host', ['10.0.0.0/8'])")).toThrow(/ValueError/);
  });

  test.each([
    ["encode('some longer text, in UTF-8')", "some longer text, in UTF-8"],
    ["encode('some longer text without its end')[:29]", ""],
    ["base64.b64encode('power shell text'.encode('utf-16-le')).decode()", "power shell text"],
    ["encode('short')", ""],
    ["'just words, and no base64 at all'", ""],
    ["base64.b64encode(bytes(range(128, 160))).decode()", ""],
    ["encode('a longer text with no padding').rstrip('=')", "a longer text with no padding"],
  ])("is_base64 of %s", (text, answer) => {
    const encode = "import base64\ndef encode(text): return base64.b64encode(text.encode()).decode()\n";
    expect(base(`${encode}is_base64(${text})`)).toBe(answer);
  });

  test("is_base64 takes the least length", () => {
    expect(base("is_base64('aGVsbG8=', 4)")).toBe("hello");
  });
});

describe("times", () => {
  test.each([
    ["2026-03-01 12:30:00", "2026-03-01 12:30:00"],
    ["2026-03-01 12:30:00.123456789", "2026-03-01 12:30:00.123456"],
    ["2026-03-01T12:30:00Z", "2026-03-01 12:30:00"],
    ["2026-03-01T12:30:00.5Z", "2026-03-01 12:30:00.500000"],
    ["2026-03-01 12:30:00 UTC", "2026-03-01 12:30:00"],
    ["2026-03-01T12:30:00+02:00", "2026-03-01 12:30:00+02:00"],
    ["2026-03-01T12:30:00-0700", "2026-03-01 12:30:00-07:00"],
    ["2026-03-01", "2026-03-01 00:00:00"],
    ["01/Mar/2026:12:30:00 +0100", "2026-03-01 12:30:00+01:00"],
    ["Sun, 01 Mar 2026 12:30:00 GMT", "2026-03-01 12:30:00"],
    ["1772368200", "2026-03-01 12:30:00"],
    ["1772368200.25", "2026-03-01 12:30:00.250000"],
    ["1772368200123", "2026-03-01 12:30:00.123000"],
  ])("resolve_timestamp_string('%s')", (text, time) => {
    expect(base(`str(resolve_timestamp_string('${text}'))`)).toBe(time);
  });

  test.each(["''", "None", "'soon'", "'2026-13-01'"])("resolve_timestamp_string(%s) is None", (text) => {
    expect(base(`resolve_timestamp_string(${text})`)).toBeNull();
  });

  test.each([
    ["2026-03-01 12:00:00", "2026-03-02 13:02:03", "1 day(s) 1 hour(s) 2 minute(s) 3 second(s)"],
    ["2026-03-01 12:00:00.123456789", "2026-03-01 12:00:01.5", "1 second(s)"],
    ["2026-03-01 12:00:00", "2026-03-01 12:00:00", "0 second(s)"],
    ["2026-03-01 12:00:05", "2026-03-01 12:00:00", "-5 second(s)"],
    ["2026-03-01 12:00:00", "2026-03-01T13:00:00+01:00", "0 second(s)"],
  ])("time_delta('%s', '%s')", (first, second, text) => {
    expect(base(`time_delta('${first}', '${second}')`)).toBe(text);
  });

  test("time_delta needs two times", () => {
    expect(() => base("time_delta(None, '2026-03-01 12:00:00')")).toThrow(
      /ValueError: time_delta needs two times/,
    );
  });

  test("add_parse_delay notes the delay and answers the context", () => {
    const event = "{'p_event_time': '2026-03-01 12:00:00.000', 'p_parse_time': '2026-03-01 12:01:40.000'}";
    expect(base(`add_parse_delay(${event}, {'a': 1})`)).toEqual({
      a: 1,
      parseDelay: "1 minute(s) 40 second(s)",
    });
  });

  test.each([
    ["nano_to_micro('2026-03-01 12:00:00.123456789')", "2026-03-01 12:00:00.123456"],
    [
      "str(panther_nanotime_to_python_datetime('2026-03-01 12:00:00.123456789'))",
      "2026-03-01 12:00:00.123456",
    ],
    ["str(golang_nanotime_to_python_datetime('2026-03-01T12:00:00.12Z'))", "2026-03-01 12:00:00.120000"],
  ])("%s", (expression, answer) => {
    expect(base(expression)).toBe(answer);
  });
});

describe("panther_oss_helpers", () => {
  test("has the same state functions as panther_detection_helpers.caching", () => {
    const same =
      "import panther_oss_helpers\nfrom panther_detection_helpers import caching\n" +
      "[name for name in caching.__all__ if getattr(panther_oss_helpers, name) is not getattr(caching, name)]";
    expect(newTrial().ask(same)).toEqual([]);
  });

  test("has the same time functions as panther_base_helpers", () => {
    const same =
      "import panther_base_helpers, panther_oss_helpers\n" +
      "all(getattr(panther_base_helpers, name) is getattr(panther_oss_helpers, name) for name in " +
      "('resolve_timestamp_string', 'time_delta', 'nano_to_micro', 'add_parse_delay'))";
    expect(newTrial().ask(same)).toBe(true);
  });

  test("km_between_ipinfo_loc goes round the earth", () => {
    const quarter = "km_between_ipinfo_loc({'lat': '0', 'lng': '0'}, {'lat': 0, 'lng': 90})";
    expect(oss(quarter)).toBeCloseTo(10_010.364, 3);
    expect(oss("round(km_between_ipinfo_loc({'lat': 90, 'lng': 0}, {'lat': -90, 'lng': 0}))")).toBe(20_021);
    expect(oss("km_between_ipinfo_loc({'lat': '52.5', 'lng': '13.4'}, {'lat': '52.5', 'lng': '13.4'})")).toBe(
      0,
    );
  });

  test("km_between_ipinfo_loc is None where a place is not known", () => {
    expect(oss("km_between_ipinfo_loc({'lat': '0', 'lng': '0'}, {'lat': '0'})")).toBeNull();
  });

  test.each([
    "geoinfo_from_ip('192.0.2.1')",
    "geoinfo_from_ip_formatted('192.0.2.1')",
    "resource_lookup('arn:aws:s3:::b')",
    "s3_lookup_by_name('b')",
    "resource_table()",
  ])("%s says what is missing and what to do", (call) => {
    expect(newTrial().raises(`from panther_oss_helpers import *\n${call}`)).toMatchObject({
      classes: expect.arrayContaining(["CapabilityUnavailableError", "NotImplementedError"]) as unknown,
      message: expect.stringMatching(
        /\(\) needs the network, which Python rules do not have in Stakeout\. Use/,
      ) as unknown,
    });
  });

  test("a look-up of nothing is bad input", () => {
    expect(() => oss("resource_lookup('')")).toThrow(/PantherBadInput/);
    expect(() => oss("get_s3_arn_by_name('')")).toThrow(/PantherBadInput/);
  });

  test("get_s3_arn_by_name", () => {
    expect(oss("get_s3_arn_by_name('bucket')")).toBe("arn:aws:s3:::bucket");
  });
});
