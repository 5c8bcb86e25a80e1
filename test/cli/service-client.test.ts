import { writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join, resolve } from "node:path";

import { describe, expect, onTestFinished, test } from "vitest";

import { token } from "../service/admin/fixtures.ts";
import { cli, tempFolder } from "./fixtures.ts";
import { configFile, startService } from "./service-fixtures.ts";

/** A certificate for 127.0.0.1 alone, with its key, and another one. */
const certificate = tlsFiles("test/destinations/self-signed");
const otherCertificate = tlsFiles("test/service/ingest/tls");

function tlsFiles(folder: string): { certFile: string; keyFile: string } {
  return { certFile: resolve(folder, "cert.pem"), keyFile: resolve(folder, "key.pem") };
}

async function listen(server: Server): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<void>();
  server.listen(0, "127.0.0.1", resolve);
  onTestFinished(() => void server.close());
  await promise;
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe("the service is found", () => {
  test("by its configuration", async () => {
    const { port } = await startService();
    const file = configFile(`{listen: "127.0.0.1:${port}", token: ${token}}`);
    const { status, stderr } = await cli(["status", "-c", file]);
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  });

  test("on this machine where it listens on all addresses", async () => {
    const { port } = await startService({ host: "0.0.0.0" });
    const file = configFile(`{listen: "0.0.0.0:${port}", token: ${token}}`);
    expect(await cli(["health", "-c", file])).toMatchObject({ status: 0, stderr: "" });
  });

  test("over TLS by its own certificate, whatever name that has", async () => {
    const { port } = await startService({ tls: certificate });
    const pair = `{cert: ${certificate.certFile}, key: ${certificate.keyFile}}`;
    const file = configFile(`{listen: "localhost:${port}", token: ${token}, tls: ${pair}}`);
    expect(await cli(["health", "-c", file])).toMatchObject({ status: 0, stderr: "" });
  });

  test("but not when another one answers with another certificate", async () => {
    const { port } = await startService({ tls: otherCertificate });
    const pair = `{cert: ${certificate.certFile}, key: ${certificate.keyFile}}`;
    const file = configFile(`{listen: "127.0.0.1:${port}", token: ${token}, tls: ${pair}}`);
    const { status, stderr } = await cli(["health", "-c", file]);
    expect(status).toBe(1);
    expect(stderr).toContain("certificate");
  });

  test("at another address with the token of the configuration", async () => {
    const { url } = await startService();
    const file = configFile(`{listen: "127.0.0.1:1", token: ${token}}`);
    expect(await cli(["health", "-c", file, "--url", url])).toMatchObject({ status: 0, stderr: "" });
  });
});

describe("the service is not found", () => {
  test("where nothing listens, and it is said what to do", async () => {
    const url = await listen(createServer());
    const { tokenFile } = await startService();
    const closed = url.replace(/\d+$/, "1");
    const { status, stderr } = await cli(["status", "--url", closed, "--token-file", tokenFile]);
    expect(status).toBe(1);
    expect(stderr).toMatch(
      /^stakeout: Cannot reach the service at http:\/\/127\.0\.0\.1:1: .*stakeout serve/,
    );
  });

  test("where something else answers", async () => {
    const { tokenFile } = await startService();
    const url = await listen(createServer((_, response) => void response.end("<html>hello</html>")));
    const { status, stderr } = await cli(["status", "--url", url, "--token-file", tokenFile]);
    expect(status).toBe(1);
    expect(stderr).toContain("is not the administration of Stakeout");
  });

  test("without a configuration", async () => {
    const { status, stderr } = await cli(["status", "-c", join(tempFolder(), "none.yaml")]);
    expect(status).toBe(2);
    expect(stderr).toContain("none.yaml");
  });

  test("with a configuration that has problems", async () => {
    const { status, stderr } = await cli(["status", "-c", configFile("{listen: '127.0.0.1:1', tokn: x}")]);
    expect(status).toBe(2);
    expect(stderr).toContain("tokn");
  });

  test("with a port that nobody can know", async () => {
    const file = configFile(`{listen: "127.0.0.1:0", token: ${token}}`);
    const { status, stderr } = await cli(["status", "-c", file]);
    expect(status).toBe(2);
    expect(stderr).toContain("--url");
  });

  test.each(["127.0.0.1:8481", "ftp://127.0.0.1", "http://127.0.0.1/v1", "http://127.0.0.1?x=1", "x"])(
    "at the address %s",
    async (url) => {
      const { tokenFile } = await startService();
      const { status, stderr } = await cli(["status", "--url", url, "--token-file", tokenFile]);
      expect(status).toBe(2);
      expect(stderr).toContain("--url must be an address");
    },
  );
});

describe("the token", () => {
  test("that is wrong is refused, and does not show", async () => {
    const { url } = await startService();
    const tokenFile = join(tempFolder(), "token");
    writeFileSync(tokenFile, "another-token-of-some-length");
    const { status, stderr } = await cli(["--debug", "status", "--url", url, "--token-file", tokenFile]);
    expect(status).toBe(1);
    expect(stderr).toContain("refuses the token");
    expect(stderr).toContain("SERVICE_REFUSED");
    expect(stderr).not.toContain("another-token");
  });

  test("that is not there", async () => {
    const { url } = await startService();
    const { status, stderr } = await cli(["status", "--url", url, "--token-file", "/no/such/file"]);
    expect(status).toBe(2);
    expect(stderr).toContain("/no/such/file");
  });

  test.each(["", "two words", "a\nb"])("that is %j", async (text) => {
    const { url } = await startService();
    const tokenFile = join(tempFolder(), "token");
    writeFileSync(tokenFile, text);
    const { status, stderr } = await cli(["status", "--url", url, "--token-file", tokenFile]);
    expect(status).toBe(2);
    expect(stderr).toContain("must hold the admin token and nothing else");
  });
});
