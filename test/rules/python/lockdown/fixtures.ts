import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, connect, createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { bootPython, type PythonInterpreter, type PythonOptions } from "../../../../src/rules/python/boot.ts";
import { toHostFunction } from "../../../../src/rules/python/host-function.ts";
import type { HostFunction } from "../../../../src/rules/python/lockdown-realm.ts";

/** Kept between runs of the tests: an interpreter from a snapshot costs a sixth of one that starts afresh. */
const sharedCacheFolder = fileURLToPath(
  new URL("../../../../node_modules/.cache/stakeout/", import.meta.url),
);

export function startPython(options: Partial<PythonOptions> = {}): Promise<PythonInterpreter> {
  return bootPython({ memoryBytesMax: 256 * 2 ** 20, cacheFolder: sharedCacheFolder, ...options });
}

const harness = `
def attempt(source, host, folder, file, marker, port):
    names = {"host": host, "FOLDER": folder, "FILE": file, "MARKER": marker, "PORT": port}
    space = {"__name__": "rule", **names}
    try:
        exec(compile(source, "/rules/hostile.py", "exec"), space)
        return str(space.get("result"))
    except BaseException as error:
        return type(error).__name__ + ": " + str(error)

attempt
`;

const secret = "canary-7d1f";

interface Observation {
  readonly secretTold: boolean;
  readonly file: string;
  readonly markerMade: boolean;
  readonly environment: string | undefined;
  readonly global: unknown;
  readonly hostKeys: readonly string[];
  readonly hostPrototype: object | null;
  /** Counts one that is made by looking: one that was under way would have been accepted before it. */
  readonly connections: number;
  readonly died: Error | undefined;
  readonly goesOn: string;
}

/** What there is to see when nothing outside was reached. */
export const untouched: Observation = {
  secretTold: false,
  file: secret,
  markerMade: false,
  environment: secret,
  global: secret,
  hostKeys: ["length", "name"],
  hostPrototype: null,
  connections: 1,
  died: undefined,
  goesOn: "42",
};

type Attempt = (source: string, ...given: readonly unknown[]) => string;

/** An interpreter beside things that it must not reach, and what a rule of ill will tries in it. */
export class Prison implements AsyncDisposable {
  readonly secret: string = secret;
  readonly folder: string;
  /** A file outside that holds the secret. */
  readonly file: string;
  /** A file that does not exist, for whoever can make it. */
  readonly marker: string;
  /** What the engine's function was called with. */
  readonly calls: unknown[] = [];
  readonly python: PythonInterpreter;
  readonly #attempt: Attempt;
  readonly #server: Server;
  #connections = 0;

  private constructor(python: PythonInterpreter) {
    this.python = python;
    // Looked up once: rules share an interpreter with whoever looks things up in it, and some break it for the others.
    this.#attempt = python.pyodide.runPython(harness) as Attempt;
    this.folder = mkdtempSync(join(tmpdir(), "stakeout-prison-"));
    this.file = join(this.folder, "canary.txt");
    this.marker = join(this.folder, "marker");
    writeFileSync(this.file, this.secret);
    writeFileSync(join(this.folder, "canary_module.py"), `value = "${this.secret}"\n`);
    process.env["STAKEOUT_CANARY"] = this.secret;
    Object.assign(globalThis, { stakeoutCanary: this.secret });
    this.#server = createServer((socket) => {
      this.#connections++;
      socket.destroy();
    });
  }

  static async open(): Promise<Prison> {
    const prison = new Prison(await startPython());
    await new Promise<void>((resolve) => {
      prison.#server.listen(0, "127.0.0.1", resolve);
    });
    return prison;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** The function of the engine that the code gets as `host`. */
  readonly host: HostFunction = toHostFunction((...values) => {
    this.calls.push(...values);
    if (values[0] === "throw") throw new Error("thrown by the engine");
    return "answered";
  });

  /** Runs code that may use `host`, `FOLDER`, `FILE`, `MARKER` and `PORT`. Answers `result` or the exception as text. */
  attempt(source: string): string {
    return this.#attempt(source, this.host, this.folder, this.file, this.marker, this.port);
  }

  /** Looks whether anything outside was reached or changed, and whether the interpreter and the engine go on. */
  async observe(answer: string): Promise<Observation> {
    return {
      secretTold: answer.includes(this.secret),
      file: readFileSync(this.file, "utf8"),
      markerMade: existsSync(this.marker),
      environment: process.env["STAKEOUT_CANARY"],
      global: Reflect.get(globalThis, "stakeoutCanary"),
      hostKeys: Reflect.ownKeys(this.host).map(String),
      hostPrototype: Reflect.getPrototypeOf(this.host),
      connections: await this.#connectionsAfterOwn(),
      died: this.python.fatal(),
      goesOn: this.attempt("result = 6 * 7"),
    };
  }

  async #connectionsAfterOwn(): Promise<number> {
    await new Promise<void>((resolve, reject) => {
      connect(this.port, "127.0.0.1").once("close", resolve).once("error", reject).resume();
    });
    const seen = this.#connections;
    this.#connections = 0;
    return seen;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    delete process.env["STAKEOUT_CANARY"];
    Reflect.deleteProperty(globalThis, "stakeoutCanary");
    rmSync(this.folder, { recursive: true });
    await new Promise((resolve) => {
      this.#server.close(resolve);
    });
  }
}
