import { readFileSync } from "node:fs";
import { join } from "node:path";

import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parse, stringify } from "yaml";

import { formatBytes, parseBytes } from "../../../src/config/service-file/bytes.ts";
import { effectiveSettings } from "../../../src/config/service-file/effective-settings.ts";
import { inspectServiceConfig } from "../../../src/config/service-file/read-service-config.ts";
import { durationText } from "../../../src/config/service-file/values.ts";
import { parseDurationMs } from "../../../src/core/durations.ts";
import type { JsonObject } from "../../../src/core/json.ts";
import {
  configFolder,
  documentedEnv,
  documentedExample,
  documentedFiles,
  minimal,
  read,
  readValid,
  withDestination,
  withSource,
} from "./fixtures.ts";

/** The settings that `config show` would show. */
function show(text: string, env: Readonly<Record<string, string>> = {}): JsonObject {
  const folder = configFolder();
  read(text, { folder, env });
  const { config, substituted } = inspectServiceConfig(join(folder, "stakeout.yaml"), env);
  if (config === undefined) throw new Error("The configuration has problems.");
  return effectiveSettings(config, { shown: false, substituted });
}

describe("settings in effect", () => {
  test("give the same configuration again", () => {
    const folder = configFolder();
    const config = readValid(documentedExample(), { folder, env: documentedEnv, files: documentedFiles });
    const settings = effectiveSettings(config, { shown: true });
    expect(readValid(stringify(settings), { folder })).toEqual(config);
  });

  test("of a short file do so, too", () => {
    const folder = configFolder();
    const config = readValid(minimal, { folder });
    const settings = effectiveSettings(config, { shown: true });
    expect(readValid(stringify(settings), { folder })).toEqual(config);
  });

  test("have every default", () => {
    expect(show(minimal)).toMatchObject({
      http: { listen: "127.0.0.1:8480", bodyBytesMax: "16MiB", requestTimeout: "30s" },
      spool: { idempotency: "1d" },
      log: { level: "info", format: "auto" },
      limits: { ruleBudgetMs: "15s", recordBytesMax: "4MiB", nestingMax: 200 },
    });
  });

  test("write any duration and size so that they are read as the same", () => {
    fc.assert(
      fc.property(fc.nat(1_000_000), fc.constantFrom(1, 1000, 60_000, 86_400_000), (amount, unit) => {
        expect(parseDurationMs(durationText(amount * unit))).toBe(amount * unit);
      }),
    );
    fc.assert(
      fc.property(fc.nat(1_000_000), fc.constantFrom(1, 1024, 1024 ** 2, 1000), (amount, unit) => {
        expect(parseBytes(formatBytes(amount * unit))).toBe(amount * unit);
      }),
    );
  });
});

describe("secrets", () => {
  test.each([
    ["token: hunter2-hunter2-hunter2", { tokens: ["(hidden)"] }],
    ["tokens: [hunter2-hunter2-a, hunter2-hunter2-b]", { tokens: ["(hidden)", "(hidden)"] }],
    ["github: {secret: hunter2-hunter2-hunter2}", { github: { secret: "(hidden)" } }],
    ["slack: {secret: hunter2-hunter2-hunter2}", { slack: { secret: "(hidden)" } }],
    ["auth: none", { auth: "none" }],
  ])("of a source with %s", (setting, shown) => {
    const settings = show(withSource(`{kind: http, ${setting}}`));
    expect(settings["sources"]).toMatchObject({ main: shown });
    expect(JSON.stringify(settings)).not.toContain("hunter2");
  });

  test("of admin", () => {
    const settings = show(minimal.replace(/token: admin-\w+/, "token: hunter2-hunter2-hunter2"));
    expect(settings["admin"]).toMatchObject({ token: "(hidden)" });
    expect(JSON.stringify(settings)).not.toContain("hunter2");
  });

  test.each([
    ["{kind: slack, url: https://hooks.slack.com/hunter2}", { url: "(hidden)" }],
    ["{kind: pagerduty, routingKey: hunter2}", { routingKey: "(hidden)" }],
    [
      `{kind: webhook, url: "https://example.com/a?key=hunter2", secret: hunter2, headers: {X-Key: hunter2}}`,
      { url: "https://example.com/a?(hidden)", secret: "(hidden)", headers: { "X-Key": "(hidden)" } },
    ],
    [`{kind: webhook, url: "https://example.com/a#hunter2"}`, { url: "https://example.com/a?(hidden)" }],
    [
      `{kind: webhook, url: "https://example.com/\${SECRET}", body: {a: "x\${SECRET}", b: ["\${SECRET}"], c: "{{title}}", d: 1}}`,
      {
        url: "https://example.com/(hidden)",
        body: { a: "(hidden)", b: ["(hidden)"], c: "{{title}}", d: 1 },
      },
    ],
  ])("of %s", (destination, shown) => {
    const settings = show(withDestination(destination), { SECRET: "hunter2" });
    expect(settings["destinations"]).toMatchObject({ out: shown });
    expect(JSON.stringify(settings)).not.toContain("hunter2");
  });

  test("that are not set are not there", () => {
    const settings = show(withDestination(`{kind: webhook, url: "https://example.com"}`));
    expect(settings["destinations"]).not.toHaveProperty("out.secret");
  });
});

describe("docs/configuration.md", () => {
  test("has an example without problems and warnings", () => {
    const result = read(documentedExample(), { env: documentedEnv, files: documentedFiles });
    expect(result).toMatchObject({ problems: [], warnings: [] });
  });

  test("has a short one, too", () => {
    const [short = ""] = readFileSync("docs/configuration.md", "utf8").split("```yaml\n").slice(1);
    const result = read(short.split("```")[0] ?? "", { env: documentedEnv, files: documentedFiles });
    expect(result).toMatchObject({ problems: [], warnings: [] });
  });

  test("has an example of every section", () => {
    const schema = JSON.parse(readFileSync("schemas/stakeout.schema.json", "utf8")) as JsonObject;
    const shown = Object.keys(parse(documentedExample()) as JsonObject);
    expect(shown).toEqual(expect.arrayContaining(Object.keys(schema["properties"] as JsonObject)));
  });

  test("lists every setting with its default", () => {
    const rows = new Map<string, string>();
    for (const line of readFileSync("docs/configuration.md", "utf8").split("\n")) {
      const [, names = "", standard = ""] = line.split("|").map((cell) => cell.trim());
      for (const [, name = ""] of names.matchAll(/`([^`]+)`/g)) rows.set(name, standard);
    }
    const schema: unknown = JSON.parse(readFileSync("schemas/stakeout.schema.json", "utf8"));
    const found = settingsOf(schema, "");
    expect(found.length).toBeGreaterThan(60);
    expect(found.filter(({ path }) => !rows.has(path))).toEqual([]);
    const wrong = found.filter(({ path, standard }) => {
      const values = rows.get(path) ?? "";
      return (
        ["string", "number", "boolean"].includes(typeof standard) &&
        !values.includes(`\`${String(standard)}\``)
      );
    });
    expect(wrong).toEqual([]);
  });
});

interface DocumentedSetting {
  readonly path: string;
  readonly standard: unknown;
}

/** Every setting of the schema that is not a map of settings itself; limits have a page of their own. */
function settingsOf(schema: unknown, path: string): readonly DocumentedSetting[] {
  if (typeof schema !== "object" || schema === null || path === "limits") return [];
  const { properties, additionalProperties, anyOf } = schema as JsonObject;
  const below = (part: unknown, name: string): readonly DocumentedSetting[] => {
    const at = path === "" ? name : `${path}.${name}`;
    const inner = settingsOf(part, at);
    return inner.length > 0 ? inner : [{ path: at, standard: (part as JsonObject)["default"] }];
  };
  const alternatives = Array.isArray(anyOf) ? anyOf.flatMap((part: unknown) => settingsOf(part, path)) : [];
  const own = Object.entries((properties ?? {}) as JsonObject).flatMap(([name, part]) => below(part, name));
  const isMap = typeof additionalProperties === "object" && (path === "sources" || path === "destinations");
  return [...alternatives, ...own, ...(isMap ? settingsOf(additionalProperties, `${path}.NAME`) : [])];
}
