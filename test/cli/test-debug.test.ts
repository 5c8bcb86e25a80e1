import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { text } from "node:stream/consumers";

import { describe, expect, onTestFinished, test } from "vitest";

import { cli, tempFolder } from "./fixtures.ts";

const ruleText = `import { defineRule, incrementCounter } from "stakeout";

interface Seen {
  readonly user: string;
}

export default defineRule({
  id: "Test.SignIn",
  logTypes: ["AWS.CloudTrail"],
  severity: "high",
  async rule(event) {
    const seen: Seen = { user: event.user };
    console.log("looking at", seen.user);
    const count = await incrementCounter(\`signed-in:\${seen.user}\`);
    debugger;
    return count === 1;
  },
  tests: [
    { name: "first", event: { user: "ann\\u001b[2J" }, expect: true },
    { name: "second", event: { user: "bob" }, expect: false },
  ],
});
`;

function folderWithRule(): string {
  const folder = tempFolder();
  writeFileSync(join(folder, "sign_in.ts"), ruleText);
  return folder;
}

describe("one test", () => {
  test("with what the rule printed, asked and remembered", async () => {
    const { status, stdout } = await cli(["debug", "Test.SignIn", "first", "--rules", folderWithRule()]);
    expect(status).toBe(0);
    expect(stdout).toMatch(
      /^looking at ann\\x1b\[2J\nTest\.SignIn\n\t\[PASS\] first\n\t\t\[PASS\] \[rule\] true\n/,
    );
    expect(stdout).toContain("return count === 1;");
    expect(stdout).toContain("incrementCounter(");
    expect(stdout).not.toContain("\u001b");
  });

  test("that fails", async () => {
    const { status, stdout } = await cli(["debug", "Test.SignIn", "second", "--rules", folderWithRule()]);
    expect(status).toBe(1);
    expect(stdout).toContain("\t[FAIL] second\n");
  });

  test("of a rule that is named by its file", async () => {
    const { status } = await cli(["debug", join(folderWithRule(), "sign_in.ts"), "first"]);
    expect(status).toBe(0);
  });
});

describe("exit status 2", () => {
  test.each([
    ["Test.SignOn", "first", "There is no rule Test.SignOn. Did you mean Test.SignIn?"],
    ["Okta.Somewhere.Else", "first", "There are Test.SignIn."],
    ["Test.SignIn", "frist", 'Rule Test.SignIn has no test named "frist". Did you mean "first"?'],
    ["Test.SignIn", "something else", 'It has "first", "second".'],
  ])("for %s, %s", async (rule, name, message) => {
    const { status, stdout, stderr } = await cli(["debug", rule, name, "--rules", folderWithRule()]);
    expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
    expect(stderr).toContain(message);
  });

  test("for a rule that cannot be read, which keeps nobody from debugging another", async () => {
    const folder = folderWithRule();
    writeFileSync(join(folder, "broken.ts"), "\nconst = 1;\n");
    const broken = await cli(["debug", "Test.Broken", "first", "--rules", folder]);
    expect(broken.status).toBe(2);
    expect(broken.stderr).toContain("broken.ts:2: syntax error");
    expect(broken.stderr).toContain("There is no rule Test.Broken");
    expect((await cli(["debug", "Test.SignIn", "first", "--rules", folder])).status).toBe(0);
  });

  test.each(["0", "65536", "x"])("for the port %s", async (port) => {
    const { status, stderr } = await cli(["debug", "Test.SignIn", "first", "--inspect-brk", port]);
    expect(status).toBe(2);
    expect(stderr).toContain("It must be a port");
  });
});

interface InspectorMessage {
  readonly method?: string;
  readonly params?: {
    readonly url?: string;
    readonly callFrames?: readonly { readonly location: { readonly lineNumber: number } }[];
  };
}

test("a debugger stops at breakpoints and debugger statements, on the lines of the file", async () => {
  const folder = folderWithRule();
  const port = await freePort();
  const args = ["debug", "Test.SignIn", "second", "--rules", folder, "--inspect-brk", String(port)];
  const child = spawn(resolve("bin/stakeout"), args, { stdio: ["ignore", "pipe", "pipe"] });
  onTestFinished(() => void child.kill());
  const socket = new WebSocket(await addressOf(child.stderr));
  await once(socket, "open");
  let sent = 0;
  const send = (method: string, params: object = {}): void =>
    socket.send(JSON.stringify({ id: ++sent, method, params }));
  const stops: number[] = [];
  socket.addEventListener("message", ({ data }) => {
    const { method, params } = JSON.parse(String(data)) as InspectorMessage;
    if (method !== "Debugger.paused") return;
    stops.push((params?.callFrames?.[0]?.location.lineNumber ?? -1) + 1);
    send("Debugger.resume");
  });
  send("Debugger.enable");
  send("Debugger.setBreakpointByUrl", { url: new URL(`file://${folder}/sign_in.ts`).href, lineNumber: 12 });
  send("Runtime.runIfWaitingForDebugger");
  const [stdout] = await Promise.all([text(child.stdout), once(child, "close")]);
  expect(stops).toEqual([13, 15]);
  expect(stdout).toContain("[FAIL] second");
  expect(child.exitCode).toBe(1);
});

test("a port that somebody else has is an error that says so", async () => {
  const server = createServer().listen(0, "127.0.0.1");
  onTestFinished(() => void server.close());
  await once(server, "listening");
  const args = ["debug", "x", "y", "--inspect-brk", String(portOf(server))];
  const child = spawn(resolve("bin/stakeout"), args, { stdio: ["ignore", "ignore", "pipe"] });
  const [stderr] = await Promise.all([text(child.stderr), once(child, "close")]);
  expect(stderr).toContain(`Cannot listen on 127.0.0.1:${portOf(server)}`);
  expect(child.exitCode).toBe(2);
});

function portOf(server: ReturnType<typeof createServer>): number {
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const port = portOf(server);
  server.close();
  await once(server, "close");
  return port;
}

/** Where Node says that it listens. */
async function addressOf(stderr: NodeJS.ReadableStream): Promise<string> {
  let said = "";
  for await (const chunk of stderr) {
    said += String(chunk);
    const address = /ws:\/\/\S+/.exec(said)?.[0];
    if (address !== undefined) return address;
  }
  throw new Error(`no address in: ${said}`);
}
