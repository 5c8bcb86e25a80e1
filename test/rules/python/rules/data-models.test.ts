import { describe, expect, test } from "vitest";

import { eventOf, withPythonRules } from "./fixtures.ts";

const file = withPythonRules();

const methods = {
  path: "/data_models/test.py",
  source: "def get_actor(event):\n    return event.get('first') or event.get('second')\n\nnot_a_method = 5\n",
};

describe("data models", () => {
  test("map a name to a path", () => {
    const { rules, shows } = file();
    const mappings = [
      { name: "ip", path: "$.client.addresses[0]" },
      { name: "quoted", path: "a['b c']" },
    ];
    expect(
      rules.addDataModel({ id: "M", logTypes: ["Log.Paths"], mappings, methods: undefined }),
    ).toStrictEqual([]);
    const event = eventOf(
      { client: { addresses: ["192.0.2.1"] }, a: { "b c": 2 } },
      { logType: "Log.Paths" },
    );
    expect(shows('event.udm("ip")', event)).toBe("'192.0.2.1'");
    expect(shows('event.udm("quoted")', event)).toBe("2");
    expect(shows('event.udm_path("ip")', event)).toBe("'client.addresses.[0]'");
  });

  test("map a name to a method", () => {
    const { rules, shows } = file();
    const mappings = [{ name: "actor", method: "get_actor" }];
    expect(rules.addDataModel({ id: "M", logTypes: ["Log.Methods"], mappings, methods })).toStrictEqual([]);
    const event = eventOf({ second: "x" }, { logType: "Log.Methods" });
    expect(shows('event.udm("actor")', event)).toBe("'x'");
    expect(shows('event.udm_path("actor")', event)).toBe("'get_actor'");
  });

  test("answer the default, not the event's own field, for a mapped name without a value", () => {
    const { rules, shows } = file();
    const mappings = [{ name: "ip", path: "client.ip" }];
    rules.addDataModel({ id: "M", logTypes: ["Log.Default"], mappings, methods: undefined });
    const event = eventOf({ ip: "own" }, { logType: "Log.Default" });
    expect(shows('event.udm("ip", default="none")', event)).toBe("'none'");
  });

  test("match the keys of a path as they are written, and have no path for what is not there", () => {
    const { rules, shows } = file();
    const mappings = [{ name: "ip", path: "Client.ip" }];
    rules.addDataModel({ id: "M", logTypes: ["Log.Case"], mappings, methods: undefined });
    const event = eventOf({ client: { ip: "192.0.2.1" } }, { logType: "Log.Case" });
    expect(shows('event.udm("ip")', event)).toBe("None");
    expect(shows('event.udm_path("ip")', event)).toBe("None");
    expect(shows('event.udm_path("other")', event)).toBe("None");
  });

  test("answer None instead of the default for a path that leads to null and a method that answers None", () => {
    const { rules, shows } = file();
    const mappings = [
      { name: "actor", method: "get_actor" },
      { name: "ip", path: "ip" },
    ];
    rules.addDataModel({ id: "M", logTypes: ["Log.Null"], mappings, methods });
    const event = eventOf({ ip: null }, { logType: "Log.Null" });
    expect(shows('event.udm("ip", default="none")', event)).toBe("None");
    expect(shows('event.udm("actor", default="none")', event)).toBe("None");
  });

  test("raise for a path that several values are found at", () => {
    const { rules, shows } = file();
    const mappings = [{ name: "ip", path: "list[*].ip" }];
    rules.addDataModel({ id: "M", logTypes: ["Log.Several"], mappings, methods: undefined });
    const one = eventOf({ list: [{ ip: 1 }] }, { logType: "Log.Several" });
    const two = eventOf({ list: [{ ip: 1 }, { ip: 2 }] }, { logType: "Log.Several" });
    expect(shows('event.udm("ip")', one)).toBe("1");
    expect(shows('event.udm("ip")', two)).toContain("PantherError: path 'list[*].ip' of ip in data model M");
  });

  test.each([
    ["a path that cannot be read", { name: "x", path: "a..b" }, "ValueError"],
    ["an empty path", { name: "x", path: "" }, "ValueError"],
    ["a method that is not there", { name: "x", method: "get_nothing" }, "AttributeError"],
    ["a method that is no function", { name: "x", method: "not_a_method" }, "TypeError"],
  ])("report %s and keep the other mappings", (_, mapping, type) => {
    const { rules, shows } = file();
    const mappings = [mapping, { name: "good", path: "g" }];
    const failures = rules.addDataModel({ id: "M", logTypes: ["Log.Broken"], mappings, methods });
    expect(failures).toMatchObject([{ mapping: 0, failure: { type } }]);
    expect(shows('event.udm("good")', eventOf({ g: 1 }, { logType: "Log.Broken" }))).toBe("1");
  });

  test("report a file that cannot be loaded, with its line", () => {
    const broken = { path: "/data_models/broken.py", source: "x = 1\nimport not_there_at_all\n" };
    const mappings = [{ name: "good", path: "g" }];
    const failures = file().rules.addDataModel({
      id: "M",
      logTypes: ["Log.File"],
      mappings,
      methods: broken,
    });
    expect(failures).toMatchObject([
      { mapping: -1, failure: { type: "ModuleNotFoundError", file: "/data_models/broken.py", line: 2 } },
    ]);
  });
});

describe("lookup tables", () => {
  const table = {
    name: "people",
    primaryKey: "id",
    rows: [
      { id: "u1", team: "red" },
      { id: 7, team: "blue" },
    ],
    selectors: [{ logType: "Log.Lookup", paths: ["actor.id", "targets"] }],
  };

  test("answer rows by their primary key", () => {
    const { rules, shows } = file();
    rules.addLookupTable(table);
    const event = {
      ...eventOf({}, { logType: "Log.Lookup" }),
      fields: Object.create({ p_log_type: "x" }) as {},
    };
    expect(shows('event.lookup("people", "u1")["team"]', event)).toBe("'red'");
    expect(shows('event.lookup("people", 7)["TEAM"]', event)).toBe("'blue'");
    expect(shows('event.lookup("people", "u9")', event)).toBe("None");
    expect(shows('event.lookup("nobody", "u1")', event)).toBe("None");
  });

  test("enrich events of the log types that select from them", () => {
    const { rules, shows } = file();
    rules.addLookupTable(table);
    const fields = Object.assign(Object.create({ p_log_type: "x" }) as object, {
      actor: { id: "u1" },
      targets: ["u1", 7, "u9"],
    });
    const event = { ...eventOf({}, { logType: "Log.Lookup" }), fields };
    const enrichment = 'event.deep_get("p_enrichment", "people")';
    expect(shows(`${enrichment}["actor.id"].to_dict()`, event)).toBe(
      "{'id': 'u1', 'team': 'red', 'p_match': 'u1'}",
    );
    expect(shows(`[row["p_match"] for row in ${enrichment}["targets"]]`, event)).toBe("['u1', 7]");
  });
});
