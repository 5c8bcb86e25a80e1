import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { beforeEach, describe, expect, onTestFinished, test } from "vitest";

import type { RemoteDelivery } from "../../src/alerts/remote-outbox.ts";
import { createServiceOutputs, createServiceSource } from "../../src/config/build-service.ts";
import type { LaneDestinationConfig, LaneSourceConfig, RunConfig } from "../../src/config/run-config.ts";
import { defaultLimits } from "../../src/core/limits.ts";
import { Signal } from "../../src/core/signal.ts";
import { OutputFiles } from "../../src/engine/output-files.ts";
import { SpoolLink } from "../../src/sources/spool/link.ts";
import { createMemoryStore } from "../../src/state/memory/memory-store.ts";
import { alert } from "../core/alert.fixture.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "stakeout-build-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
});

const shape = { logType: undefined, format: "auto", envelopeField: undefined } as const;

describe("a source", () => {
  function create(source: LaneSourceConfig): ReturnType<typeof createServiceSource> {
    const run = { limits: defaultLimits, service: { spoolFolder: folder } } as unknown as RunConfig;
    const host = { handOver: () => undefined, arrivals: () => new Signal(), warn: () => undefined };
    return createServiceSource(source, run, host);
  }

  test("over HTTP is known by its name alone, so that it does not matter how its events get here", () => {
    const source = create({ ...shape, kind: "spool", name: "web", link: new SpoolLink().shared });
    expect([source.id, source.label]).toEqual(["web", "web"]);
  });

  test("over HTTP is missing without its spool", () => {
    const source = create({ ...shape, kind: "spool", name: "web", link: new SpoolLink().shared });
    expect(() => source.find()).toThrow(expect.objectContaining({ code: "INPUT_NOT_FOUND" }));
  });

  test("of files cannot be taken for one over HTTP of the same name", () => {
    const source = create({ ...shape, kind: "files", name: "web", paths: [folder], from: "start" });
    expect([source.id, source.label]).toEqual(["files:web", "web"]);
  });
});

describe("outputs", () => {
  const open = { enabled: true, closed: false };

  async function tell(destinations: readonly LaneDestinationConfig[]): Promise<{
    readonly handed: readonly RemoteDelivery[];
    readonly warnings: readonly string[];
  }> {
    const store = createMemoryStore();
    const handed: RemoteDelivery[] = [];
    const warnings: string[] = [];
    const outputs = createServiceOutputs(
      { sources: [], spoolFolder: folder, destinations, staged: [] },
      store,
      {
        handOver: (deliveries) => handed.push(...deliveries),
        arrivals: () => new Signal(),
        warn: (message) => warnings.push(message),
      },
    );
    await outputs.load();
    const files = new OutputFiles();
    for (const file of outputs.files) await files.open(file, store);
    outputs.add(alert({ severity: "high" }));
    outputs.add(alert({ severity: "low", destinations: ["gone"], ruleId: "Names.Gone" }));
    await outputs.append(files);
    await store.commit({ clockMs: 0, positions: [], entries: await outputs.takeWrites() });
    await outputs.deliver();
    await files.close();
    return { handed, warnings };
  }

  test("go to files with the commit, and to others by way of the main thread, as their routes say", async () => {
    const path = join(folder, "alerts.jsonl");
    const { handed } = await tell([
      { name: "kept", path, route: { ...open, severities: ["high"] } },
      { name: "one", path: undefined, route: open },
      { name: "two", path: undefined, route: { ...open, severities: ["low"] } },
    ]);
    expect(readFileSync(path, "utf8").trimEnd().split("\n")).toHaveLength(1);
    expect(handed.map(({ destination, alert: { severity } }) => `${destination} ${severity}`)).toEqual(
      expect.arrayContaining(["one high", "one low", "two low"]),
    );
    expect(handed).toHaveLength(3);
  });

  test("say which destinations rules name that are not there", async () => {
    const { warnings } = await tell([{ name: "one", path: undefined, route: open }]);
    expect(warnings).toEqual([expect.stringMatching(/Names\.Gone names the destination gone/)]);
  });
});
