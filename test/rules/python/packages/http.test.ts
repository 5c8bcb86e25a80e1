import { gzipSync } from "node:zlib";

import { describe, expect, test } from "vitest";

import { HttpClient, type HttpAnswer } from "../../../../src/rules/python/packages/http.ts";
import { clock, startServer, type Answer, type TestServer } from "./fixtures.ts";

interface Setup {
  readonly server: TestServer;
  readonly waits: number[];
  readonly read: () => Promise<string | undefined>;
}

async function setup(answer: Answer, bytesMax = 1000): Promise<Setup> {
  const server = await startServer(answer);
  const waits: number[] = [];
  const wait = (ms: number): Promise<void> => {
    waits.push(ms);
    return Promise.resolve();
  };
  const http = new HttpClient({ clock, wait, silenceMsMax: 50 });
  return {
    server,
    waits,
    read: () => http.fetch({ url: server.origin, bytesMax }, textOf),
  };
}

async function textOf({ chunks }: HttpAnswer): Promise<string> {
  let text = "";
  for await (const chunk of chunks) text += new TextDecoder().decode(chunk);
  return text;
}

test("an answer is handed over", async () => {
  const { read } = await setup((_, response) => response.end("hello"));
  expect(await read()).toBe("hello");
});

test.each([404, 410])("%i is no page, and not asked for again", async (status) => {
  const { read, server } = await setup((_, response) => response.writeHead(status).end());
  expect(await read()).toBeUndefined();
  expect(server.asked).toHaveLength(1);
});

describe("failures that may pass", () => {
  test("are tried again, later each time", async () => {
    let left = 2;
    const { read, waits } = await setup((_, response) => {
      left -= 1;
      response.writeHead(left < 0 ? 200 : 503).end("done");
    });
    expect(await read()).toBe("done");
    expect(waits).toEqual([500, 1000]);
  });

  test("end after four tries", async () => {
    const { read, server } = await setup((_, response) => response.writeHead(500).end());
    await expect(read()).rejects.toMatchObject({ code: "PACKAGE_INDEX_UNREACHABLE", retryable: true });
    expect(server.asked).toHaveLength(4);
  });

  test.each([
    ["seconds", "7", 7000],
    ["a date", new Date(clock.nowMs() + 9000).toUTCString(), 9000],
    ["nonsense", "soon", 500],
  ])("wait as long as the server says: %s", async (_, retryAfter, expectedMs) => {
    let first = true;
    const { read, waits } = await setup((_request, response) => {
      response.writeHead(first ? 429 : 200, first ? { "retry-after": retryAfter } : {}).end();
      first = false;
    });
    await read();
    expect(waits).toEqual([expectedMs]);
  });

  test("a wait beyond a minute is not waited for", async () => {
    const { read, waits } = await setup((_, response) =>
      response.writeHead(503, { "retry-after": "3600" }).end(),
    );
    await expect(read()).rejects.toMatchObject({ code: "PACKAGE_INDEX_UNREACHABLE" });
    expect(waits).toEqual([]);
  });

  test("an answer that breaks off is read again from the beginning", async () => {
    let first = true;
    const { read } = await setup((_, response) => {
      if (first) {
        response.writeHead(200, { "content-length": "10" });
        response.write("whole", () => response.destroy());
      } else {
        response.end("whole text");
      }
      first = false;
    });
    expect(await read()).toBe("whole text");
  });

  test("a server that stays silent is given up", async () => {
    const { read, server } = await setup(() => {});
    await expect(read()).rejects.toThrow(/no answer/);
    expect(server.asked).toHaveLength(4);
  });

  test("nobody there", async () => {
    const http = new HttpClient({ clock, wait: () => Promise.resolve() });
    await expect(http.fetch({ url: "http://127.0.0.1:1/", bytesMax: 10 }, textOf)).rejects.toMatchObject({
      code: "PACKAGE_INDEX_UNREACHABLE",
    });
  });
});

test("more bytes than allowed are not read", async () => {
  const { read, server } = await setup((_, response) => response.end("x".repeat(1001)));
  await expect(read()).rejects.toMatchObject({ code: "PACKAGE_UNUSABLE" });
  expect(server.asked).toHaveLength(1);
});

test("a compressed answer counts unpacked", async () => {
  const { read } = await setup((_, response) =>
    response.writeHead(200, { "content-encoding": "gzip" }).end(gzipSync("x".repeat(100_000))),
  );
  await expect(read()).rejects.toMatchObject({ code: "PACKAGE_UNUSABLE" });
});

describe("name and password", () => {
  const authorization = "Basic bWU6c2VjcmV0";
  const echo: Answer = ({ headers }, response) => response.end(headers.authorization ?? "none");

  test("are sent to their origin", async () => {
    const { origin } = await startServer(echo);
    const http = new HttpClient({ clock, credentials: { origin, authorization } });
    expect(await http.fetch({ url: `${origin}/a`, bytesMax: 100 }, textOf)).toBe(authorization);
  });

  test("are not sent elsewhere, also not after a redirect", async () => {
    const elsewhere = await startServer(echo);
    const { origin } = await startServer((_, response) =>
      response.writeHead(302, { location: `${elsewhere.origin}/` }).end(),
    );
    const http = new HttpClient({ clock, credentials: { origin, authorization } });
    expect(await http.fetch({ url: elsewhere.origin, bytesMax: 100 }, textOf)).toBe("none");
    expect(await http.fetch({ url: origin, bytesMax: 100 }, textOf)).toBe("none");
  });

  test("a refusal is told without them, and not tried again", async () => {
    const { origin, asked } = await startServer((_, response) => response.writeHead(401).end());
    const http = new HttpClient({ clock, wait: () => Promise.resolve() });
    const url = `${origin.replace("http://", "http://me:secret@")}/`;
    await expect(http.fetch({ url, bytesMax: 100 }, textOf)).rejects.toMatchObject({
      code: "PACKAGE_INDEX_UNREACHABLE",
      message: expect.not.stringContaining("secret"),
    });
    expect(asked).toHaveLength(1);
  });
});
