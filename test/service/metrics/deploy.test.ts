import { readFileSync } from "node:fs";

import { describe, expect, test } from "vitest";
import { parse } from "yaml";

import { createMetrics } from "../../../src/service/metrics/metrics.ts";
import { serviceStatus } from "../admin/status-fixtures.ts";
import { type Exposition, parseExposition } from "./exposition.ts";

interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly datasource?: { readonly uid: string };
  readonly targets?: readonly { readonly expr: string; readonly datasource: { readonly uid: string } }[];
}

interface Dashboard {
  readonly templating: {
    readonly list: readonly { readonly name: string; readonly type: string; readonly query: string }[];
  };
  readonly annotations: { readonly list: readonly { readonly expr: string }[] };
  readonly panels: readonly Panel[];
}

interface AlertingRule {
  readonly alert: string;
  readonly expr: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

const dashboard = JSON.parse(readFileSync("deploy/grafana/stakeout-dashboard.json", "utf8")) as Dashboard;
const alerts = (
  parse(readFileSync("deploy/prometheus/alerts.yaml", "utf8")) as {
    groups: readonly { rules: readonly AlertingRule[] }[];
  }
).groups.flatMap(({ rules }) => rules);

/** What Prometheus itself adds to every series it reads, and the metric that it makes of every target. */
const fromPrometheus = { labels: ["job", "instance"], metrics: ["up"] };

async function exposition(): Promise<Exposition> {
  return parseExposition(await createMetrics({ read: () => serviceStatus() }).read());
}

/** What is asked for in a query and is not in the exposition: metrics, and labels that no series of a metric has. */
function unknownIn(query: string, { samples }: Exposition): readonly string[] {
  const selectors = [...query.matchAll(/\b(stakeout_\w+|up)\b(?:\{([^}]*)\})?/g)];
  if (selectors.length === 0) return [`nothing is asked for in ${query}`];
  return selectors.flatMap(([, name = "", matchers = ""]) => {
    if (fromPrometheus.metrics.includes(name)) return [];
    const series = samples.filter((sample) => sample.name === name);
    if (series.length === 0) return [name];
    const labels = [...matchers.matchAll(/(\w+)\s*[=!]~?\s*"/g)].map(([, label = ""]) => label);
    const known = new Set([...fromPrometheus.labels, ...Object.keys(series[0]?.labels ?? {})]);
    return labels.filter((label) => !known.has(label)).map((label) => `${name}{${label}}`);
  });
}

/** Labels by which a query sums up, and that a text shows. */
function groupedBy(query: string): readonly string[] {
  return [...query.matchAll(/\bby \(([^)]*)\)/g)].flatMap(([, labels = ""]) => labels.split(/, */));
}

const queries = [
  ...dashboard.panels.flatMap(({ title, targets = [] }) =>
    targets.map(({ expr }) => ({ name: title, expr })),
  ),
  ...dashboard.annotations.list.map(({ expr }) => ({ name: "annotation", expr })),
  ...dashboard.templating.list
    .filter(({ type }) => type === "query")
    .map(({ name, query }) => ({ name, expr: query })),
  ...alerts.map(({ alert, expr }) => ({ name: alert, expr })),
];

describe("the dashboard and the alerting rules", () => {
  test.each(queries)("ask only for what the service tells: $name", async ({ expr }) => {
    expect(unknownIn(expr, await exposition())).toEqual([]);
  });

  test.each(queries)("have brackets in pairs: $name", ({ expr }) => {
    const count = (bracket: string): number => expr.split(bracket).length;
    expect([count("("), count("{"), count("[")]).toEqual([count(")"), count("}"), count("]")]);
  });

  test("would notice a metric that is not there", async () => {
    const known = await exposition();
    expect(unknownIn("rate(stakeout_event_total[1m])", known)).toEqual(["stakeout_event_total"]);
    expect(unknownIn('stakeout_matches_total{rules="x"}', known)).toEqual(["stakeout_matches_total{rules}"]);
    expect(unknownIn("1 + 1", known)).toHaveLength(1);
  });

  test("use rate and increase of counters alone", async () => {
    const { families } = await exposition();
    for (const { expr } of queries) {
      for (const [, name = ""] of expr.matchAll(/\b(?:rate|increase)\((\w+)/g)) {
        const type =
          families.get(name)?.type ?? families.get(name.replace(/_(?:bucket|sum|count)$/, ""))?.type;
        expect({ name, type }).toEqual({ name, type: expect.stringMatching(/^(?:counter|histogram)$/) });
      }
    }
  });

  test("leave no metric of the service out", async () => {
    const { families } = await exposition();
    const asked = queries.map(({ expr }) => expr).join("\n");
    const own = [...families.keys()].filter((name) => !/^stakeout_(?:process|nodejs)_/.test(name));
    expect(own.filter((name) => !asked.includes(name))).toEqual([]);
  });
});

describe("the dashboard", () => {
  test("asks the data source that is chosen", () => {
    expect(dashboard.templating.list[0]).toMatchObject({
      name: "datasource",
      type: "datasource",
      query: "prometheus",
    });
    for (const { datasource, targets = [] } of dashboard.panels.filter(({ type }) => type !== "row")) {
      expect([datasource, ...targets.map((target) => target.datasource)].map((each) => each?.uid)).toEqual(
        Array.from({ length: targets.length + 1 }, () => "${datasource}"),
      );
      expect(targets.length).toBeGreaterThan(0);
    }
  });

  test("has panels side by side, none on another", () => {
    const taken = new Set<string>();
    for (const { gridPos } of dashboard.panels) {
      expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(24);
      for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++) {
        for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
          expect(taken.has(`${x} ${y}`)).toBe(false);
          taken.add(`${x} ${y}`);
        }
      }
    }
    expect(new Set(dashboard.panels.map(({ id }) => id)).size).toBe(dashboard.panels.length);
  });
});

describe("the alerting rules", () => {
  const operations = readFileSync("docs/operations.md", "utf8");

  test("have names of their own", () => {
    expect(new Set(alerts.map(({ alert }) => alert)).size).toBe(alerts.length);
  });

  test.each(alerts)("say how urgent $alert is, and lead to what to do", ({ alert, labels, annotations }) => {
    expect(labels["severity"]).toMatch(/^(?:critical|warning)$/);
    expect(annotations["runbook"]).toBe(`docs/operations.md#${alert.toLowerCase()}`);
    expect(operations).toMatch(new RegExp(`^### ${alert}$`, "m"));
  });

  test.each(alerts)("$alert shows only labels that its query keeps", async ({ expr, annotations }) => {
    const { samples } = await exposition();
    const shown = [...(annotations["summary"] ?? "").matchAll(/\$labels\.(\w+)/g)].map(
      ([, label = ""]) => label,
    );
    const names = [...expr.matchAll(/\bstakeout_\w+/g)].map(([name]) => name);
    const sums = groupedBy(expr);
    const ofMetric = samples
      .filter(({ name }) => name === names[0])
      .flatMap(({ labels }) => Object.keys(labels));
    const kept = expr.startsWith("sum") ? sums : [...ofMetric, ...fromPrometheus.labels];
    expect(shown.filter((label) => !kept.includes(label))).toEqual([]);
  });
});

test("docs/operations.md lists every metric with its type, and no other", async () => {
  const { families } = await exposition();
  const own = [...families].filter(([name]) => !/^stakeout_(?:process|nodejs)_/.test(name));
  const rows = readFileSync("docs/operations.md", "utf8").matchAll(
    /^\| `(stakeout_\w+)(?:\{[^}]*\})?` \| (\w+) \|/gm,
  );
  const listed = [...rows].map(([, name = "", type = ""]) => `${name} ${type}`);
  expect(new Set(listed)).toEqual(new Set(own.map(([name, { type }]) => `${name} ${type}`)));
});
