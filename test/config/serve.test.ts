import { expect, test } from "vitest";

import { serviceRunConfig } from "../../src/config/serve.ts";
import { SpoolLink } from "../../src/sources/spool/link.ts";
import {
  configFolder,
  documentedEnv,
  documentedExample,
  documentedFiles,
  readValid,
} from "./service-file/fixtures.ts";

const admin = "admin: {token: admin-0123456789abcdef}";

test("sources over HTTP become spools with the writer's memory, and files stay files", () => {
  const config = readValid(`
${admin}
sources:
  web: {kind: http, token: source-0123456789abcdef, logType: AWS.CloudTrail}
  logs: {kind: files, paths: [/var/log/x], from: end}
destinations: {out: {kind: stdout}}
`);
  const { shared } = new SpoolLink();
  const asked: string[] = [];
  const run = serviceRunConfig(config, { link: (source) => (asked.push(source), shared) });
  expect(asked).toEqual(["web"]);
  const shape = { format: "auto", envelopeField: undefined };
  expect(run.service).toMatchObject({
    spoolFolder: config.spool.folder,
    sources: [
      { ...shape, kind: "spool", name: "web", logType: "AWS.CloudTrail" },
      { ...shape, kind: "files", name: "logs", logType: undefined, paths: ["/var/log/x"], from: "end" },
    ],
  });
  const [web] = run.service?.sources ?? [];
  expect(web?.kind === "spool" ? web.link : undefined).toBe(shared);
});

test("destinations have their route and, for a file, its path", () => {
  const config = readValid(`
${admin}
sources: {web: {kind: http, token: source-0123456789abcdef}}
destinations:
  kept: {kind: file, path: /tmp/alerts.jsonl}
  out: {kind: stdout, severities: [high]}
`);
  const { service } = serviceRunConfig(config, { link: () => new SpoolLink().shared });
  expect(service?.destinations).toMatchObject([
    { name: "kept", path: "/tmp/alerts.jsonl", route: { enabled: true, closed: true } },
    { name: "out", path: undefined, route: { severities: ["high"], enabled: true, closed: false } },
  ]);
});

test("everything else is what a run has", () => {
  const config = readValid(`
${admin}
sources: {web: {kind: http, token: source-0123456789abcdef}}
destinations: {out: {kind: stdout}}
rules: {paths: [/rules], staged: ["A.*"]}
`);
  const run = serviceRunConfig(config, { link: () => new SpoolLink().shared });
  expect(run).toMatchObject({
    rules: ["/rules"],
    logTypes: config.logTypes,
    stateFile: config.stateFile,
    deadLettersFile: config.deadLettersFile,
    limits: config.limits,
    batch: config.batch,
    inputs: [],
    stdin: false,
    service: { staged: ["A.*"] },
  });
});

test("no secret crosses into the lane, where rules could read it", () => {
  const folder = configFolder();
  const config = readValid(documentedExample(), { folder, env: documentedEnv, files: documentedFiles });
  const text = JSON.stringify(serviceRunConfig(config, { link: () => new SpoolLink().shared }));
  const values = [...Object.values(documentedEnv), ...Object.values(documentedFiles)].map((value) =>
    value.trim(),
  );
  const secrets = values.filter((value) => value.includes("0123456789abcdef") || value.startsWith("https:"));
  expect(secrets.length).toBeGreaterThan(5);
  expect(secrets.filter((secret) => text.includes(secret))).toEqual([]);
});
