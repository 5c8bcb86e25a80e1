import { type ChildProcess, spawn, type SpawnOptions, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from "vitest";

import { buildImage, copiesOf, docker, nodeFolder, readStages, repository } from "./image.ts";

const stages = readStages();
const final = stages.get("final") ?? [];

/** The text of the last instruction of this name in the final stage. */
function finalText(name: string): string | undefined {
  return final.findLast((instruction) => instruction.name === name)?.text;
}

describe("the Dockerfile", () => {
  test("copies only what there is and what the builder is sent", () => {
    const sent = readFileSync(join(docker, "Dockerfile.dockerignore"), "utf8").trim().split("\n");
    expect(sent[0]).toBe("*");
    const allowed = new Set(sent.slice(1).map((line) => line.slice(1)));
    const copied = [...stages.values()].flatMap(copiesOf).filter(({ from }) => from === undefined);
    const sources = new Set(copied.flatMap((copy) => copy.sources));
    expect([...sources].toSorted()).toEqual([...allowed].toSorted());
    expect([...sources].filter((path) => !existsSync(join(repository, path)))).toEqual([]);
  });

  test("copies from stages that there are", () => {
    const from = [...stages.values()].flatMap(copiesOf).map((copy) => copy.from ?? "build");
    expect(from.filter((stage) => !stages.has(stage))).toEqual([]);
  });

  test("makes an image that runs as nobody in particular and is looked after", () => {
    expect(finalText("USER")).toMatch(/^[1-9]\d*:[1-9]\d*$/);
    expect(finalText("HEALTHCHECK")).toMatch(/ CMD \["stakeout", "health"\]$/);
    expect(finalText("ENTRYPOINT")).toBe('["tini", "--", "stakeout"]');
    expect(finalText("CMD")).toBe('["serve"]');
  });
});

/** Whether this user may make mounts of its own and become another one. */
const canIsolate =
  spawnSync("unshare", ["--mount", "mount", "-o", "remount,ro,bind", "/"]).status === 0 &&
  spawnSync("setpriv", ["--reuid=1000", "true"]).status === 0;
if (!canIsolate)
  process.stderr.write("deploy: the read-only root is SKIPPED: this user may not make mounts\n");

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  return typeof address === "object" && address !== null ? address.port : 0;
}

describe("the image", () => {
  let folder: string;
  let root: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "stakeout-image-"));
    chmodSync(folder, 0o755);
    root = buildImage(folder);
    mkdirSync(join(root, "usr/local/bin"), { recursive: true });
    symlinkSync(join(root, "opt/stakeout/bin/stakeout"), join(root, "usr/local/bin/stakeout"));
    cpSync(join(nodeFolder, "node"), join(root, "usr/local/bin/node"));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  /** The folders that compose.yaml gives the container, with the configuration beside it. Answers where events go. */
  async function furnish(): Promise<string> {
    const [port, adminPort] = [await freePort(), await freePort()];
    for (const path of ["etc/stakeout", "run/secrets", "var/lib/stakeout"]) {
      mkdirSync(join(root, path), { recursive: true });
    }
    const config = readFileSync(join(docker, "stakeout.yaml"), "utf8")
      .replaceAll(/\/(?:run|var)\//g, (path) => join(root, path))
      .replace("0.0.0.0:8480", `127.0.0.1:${port}`)
      .replace("127.0.0.1:8481", `127.0.0.1:${adminPort}`);
    writeFileSync(join(root, "etc/stakeout/stakeout.yaml"), config);
    cpSync(join(repository, "examples/rules"), join(root, "etc/stakeout/rules"), { recursive: true });
    for (const name of ["admin-token", "cloudtrail-token"]) {
      writeFileSync(join(root, "run/secrets", name), `${name}-of-the-test\n`);
    }
    if (canIsolate) chownSync(join(root, "var/lib/stakeout"), 1000, 1000);
    return `http://127.0.0.1:${port}/v1/events/cloudtrail`;
  }

  /** Runs a command as the container does: its user, its folder, and nothing to write but its volume. */
  function inContainer(args: readonly string[]): ChildProcess {
    const options: SpawnOptions = {
      cwd: join(root, "etc/stakeout"),
      env: { PATH: `${join(root, "usr/local/bin")}:/usr/bin:/bin` },
      stdio: ["ignore", "pipe", "pipe"],
    };
    const program = join(root, "usr/local/bin/stakeout");
    if (!canIsolate) return spawn(program, args, options);
    const volume = join(root, "var/lib/stakeout");
    const isolate =
      'mount --bind "$0" "$0" && mount -o remount,ro,bind / && exec setpriv --reuid=1000 --regid=1000 --clear-groups "$@"';
    return spawn("unshare", ["--mount", "sh", "-ec", isolate, volume, program, ...args], options);
  }

  async function health(): Promise<{ readonly code: number | null; readonly stderr: string }> {
    const child = inContainer(["health"]);
    let stderr = "";
    child.stderr?.on("data", (text: Buffer) => (stderr += text.toString()));
    const [code] = (await once(child, "close")) as [number | null];
    return { code, stderr };
  }

  test("serves with a root file system that cannot be written, and its health check works", async () => {
    const url = await furnish();
    expect((await health()).code).toBe(1);
    const service = inContainer(["serve"]);
    let log = "";
    service.stderr?.on("data", (text: Buffer) => (log += text.toString()));
    const ended = once(service, "close");
    onTestFinished(async () => {
      service.kill("SIGKILL");
      await ended;
    });
    await vi.waitUntil(() => log.includes("Events are taken.") || service.exitCode !== null, {
      timeout: 30_000,
    });
    expect(await health()).toEqual({ code: 0, stderr: "" });
    const name = "cloudtrail-2026-03-02T09.ndjson";
    const headers = {
      authorization: "Bearer cloudtrail-token-of-the-test",
      "content-type": "application/x-ndjson",
    };
    const body = readFileSync(join(repository, "examples/events", name));
    expect((await fetch(url, { method: "POST", headers, body })).status).toBe(202);
    const alerts = join(root, "var/lib/stakeout/alerts.jsonl");
    await vi.waitUntil(() => existsSync(alerts) && statSync(alerts).size > 0, { timeout: 30_000 });
    expect(readFileSync(alerts, "utf8")).toContain("was denied 10 times within 1h");
    expect(statSync(alerts).uid).toBe(canIsolate ? 1000 : process.getuid?.());
    service.kill("SIGTERM");
    expect(await ended).toEqual([0, null]);
    expect(log).not.toMatch(/"level":"(?:warn|error)"/);
  });
});
