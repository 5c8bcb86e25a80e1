import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join, resolve } from "node:path";

import { expect, onTestFinished, test } from "vitest";
import { parse } from "yaml";

import { cli } from "../cli/fixtures.ts";
import { docker, repository } from "./image.ts";

interface Compose {
  readonly services: {
    readonly stakeout: {
      readonly build: { readonly context: string; readonly dockerfile: string };
      readonly volumes: readonly string[];
      readonly secrets: readonly string[];
      readonly read_only: boolean;
      readonly stop_grace_period: string;
    };
  };
  readonly volumes: Readonly<Record<string, unknown>>;
  readonly secrets: Readonly<Record<string, { readonly file: string }>>;
}

const compose = parse(readFileSync(join(docker, "compose.yaml"), "utf8")) as Compose;
const service = compose.services.stakeout;

/** Where systemd and compose.yaml put secrets, as configurations name the files. */
const secretFile = /\$\{file:(\/run\/[^}]+\/([^}/]+))\}/g;

/** Names of the secrets that a configuration reads, in the order of the alphabet. */
function secretsOf(config: string): readonly string[] {
  return [...config.matchAll(secretFile)].map((match) => match[2] ?? "").toSorted();
}

/** What `config check` says of a configuration on this machine, where its secrets and rules stand elsewhere. */
async function check(config: string): Promise<{ readonly status: number; readonly stderr: string }> {
  const folder = mkdtempSync(join(tmpdir(), "stakeout-deploy-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  mkdirSync(join(folder, "rules"));
  const text = config.replaceAll(secretFile, (_, path: string) => {
    const file = join(folder, basename(path));
    writeFileSync(file, `${basename(path)}-of-the-test\n`);
    return `\${file:${file}}`;
  });
  writeFileSync(join(folder, "stakeout.yaml"), text);
  return await cli(["config", "check", "-c", join(folder, "stakeout.yaml")]);
}

test("compose.yaml names files that there are", () => {
  const { context, dockerfile } = service.build;
  expect(resolve(docker, context)).toBe(resolve(repository));
  expect(existsSync(resolve(docker, context, dockerfile))).toBe(true);
  const mounted = service.volumes.map((volume) => volume.split(":")[0] ?? "");
  const paths = mounted.filter((path) => path.startsWith("."));
  expect(paths.filter((path) => !existsSync(resolve(docker, path)))).toEqual([]);
  expect(mounted.filter((path) => !path.startsWith("."))).toEqual(Object.keys(compose.volumes));
});

test("compose.yaml hands over the secrets that its configuration reads", () => {
  const config = readFileSync(join(docker, "stakeout.yaml"), "utf8");
  expect(service.secrets.toSorted()).toEqual(secretsOf(config));
  expect(Object.keys(compose.secrets).toSorted()).toEqual(secretsOf(config));
  // Which must not end up in the repository.
  expect(Object.values(compose.secrets).every(({ file }) => file.startsWith("secrets/"))).toBe(true);
  expect(readFileSync(join(docker, ".gitignore"), "utf8")).toContain("secrets/");
});

test("the container has time to stop, and writes into its volume only", async () => {
  const config = readFileSync(join(docker, "stakeout.yaml"), "utf8");
  expect(await check(config)).toMatchObject({ status: 0 });
  expect(service.read_only).toBe(true);
  // The drain of ten seconds that is the default, and five seconds.
  expect(Number(service.stop_grace_period.replace("s", ""))).toBeGreaterThan(15);
  expect(config).not.toContain("drain");
  const written = [...config.matchAll(/^\s*(?:state|path|folder): (.*)$/gm)].map((match) => match[1] ?? "");
  expect(written.filter((path) => !path.startsWith("/var/lib/stakeout/"))).toEqual([]);
});

test("the configuration in the documentation is valid, and its secrets are those of the unit", async () => {
  const text = readFileSync(join(repository, "docs/deployment.md"), "utf8");
  const configs = [...text.matchAll(/```yaml\n([^]*?)```/g)]
    .map((match) => match[1] ?? "")
    .filter((block) => block.includes("stakeout.service/"));
  expect(configs).toHaveLength(1);
  expect(await check(configs[0] ?? "")).toMatchObject({ status: 0 });
  const unit = readFileSync(join(repository, "deploy/systemd/stakeout.service"), "utf8");
  const loaded = [...unit.matchAll(/^LoadCredential=([^:]+):/gm)].map((match) => match[1] ?? "");
  expect(secretsOf(configs[0] ?? "")).toEqual(loaded.toSorted());
});
