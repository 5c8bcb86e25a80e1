import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { Prison, untouched } from "./fixtures.ts";

let prison: Prison;
beforeAll(async () => {
  prison = await Prison.open();
}, 60_000);
afterAll(() => prison[Symbol.asyncDispose]());

/** Each row: what is tried, the code, what the code gets to see instead. */
type Rows = readonly (readonly [name: string, source: string, answer: RegExp])[];

function tryAll(rows: Rows): void {
  test.each(rows)("%s", async (_name, source, expected) => {
    const answer = prison.attempt(source);
    expect(answer).toMatch(expected);
    expect(await prison.observe(answer)).toEqual(untouched);
  });
}

describe("files", () => {
  tryAll([
    ["open", "result = open(FILE).read()", /^FileNotFoundError/],
    ["os.open", "import os; result = os.read(os.open(FILE, os.O_RDONLY), 100)", /^FileNotFoundError/],
    ["pathlib", "import pathlib; result = pathlib.Path(FILE).read_text()", /^FileNotFoundError/],
    ["up and across", "result = open('../../../../../..' + FILE).read()", /^FileNotFoundError/],
    ["listing a folder", "import os; result = os.listdir(FOLDER)", /^FileNotFoundError/],
    ["creating a file outside", "open(MARKER, 'w').write('x')", /^FileNotFoundError/],
    [
      "a link to a file outside",
      "import os; os.symlink(FILE, '/tmp/link'); result = open('/tmp/link').read()",
      /^OSError.*Read-only/,
    ],
    [
      "writing into its own files",
      "open('/lib/stakeout/stakeout_state.py', 'ab', buffering=0).write(b'x')",
      /^OSError.*Read-only/,
    ],
    ["removing its own files", "import shutil; shutil.rmtree('/lib')", /^OSError.*Read-only/],
    ["tempfile", "import tempfile; tempfile.NamedTemporaryFile()", /^FileNotFoundError/],
    [
      "importing from outside",
      "import sys; sys.path.insert(0, FOLDER); import canary_module; result = canary_module.value",
      /^ModuleNotFoundError/,
    ],
    [
      "a database outside",
      "import sqlite3; sqlite3.connect(MARKER).execute('create table t(x)')",
      /^OperationalError/,
    ],
    [
      "a compiled module from outside",
      "import _imp; from importlib.machinery import ModuleSpec; _imp.create_dynamic(ModuleSpec('x', None, origin=FILE))",
      /Error/,
    ],
    [
      "/proc",
      `import os
texts = []
for folder, _, files in os.walk("/proc"):
    for name in files:
        try:
            texts.append(open(os.path.join(folder, name), "rb").read(1000).decode("latin-1"))
        except OSError:
            pass
for path in ("/proc/self/environ", "/proc/self/cmdline", "/proc/1/root" + FILE, "/proc/self/root" + FILE):
    try:
        texts.append(open(path).read())
    except OSError as error:
        texts.append(type(error).__name__)
result = texts`,
      /FileNotFoundError.*FileNotFoundError.*FileNotFoundError.*FileNotFoundError/,
    ],
    [
      "devices",
      `import os
found = []
for name in sorted(os.listdir("/dev")):
    try:
        descriptor = os.open("/dev/" + name, os.O_RDONLY)
        found.append((name, len(os.read(descriptor, 8))))
        os.close(descriptor)
    except OSError as error:
        found.append((name, type(error).__name__))
result = found`,
      /\('null', 0\).*\('stdin', 0\).*\('tty', 0\)/,
    ],
  ]);
});

describe("environment", () => {
  tryAll([
    ["os.environ", "import os; result = dict(os.environ)", /HOME/],
    ["os.getenv", "import os; result = os.getenv('STAKEOUT_CANARY')", /^None$/],
    ["posix.environ", "import posix; result = posix.environ", /HOME/],
    ["standard input", "result = input()", /^EOFError/],
    [
      "arguments and program",
      "import sys; result = [sys.argv, sys.orig_argv, sys.executable, sys.path]",
      /python314\.zip/,
    ],
  ]);

  test("tells nothing of the machine's folders", () => {
    const answer = prison.attempt(
      "import os, sys; result = [sys.argv, sys.executable, os.getcwd(), dict(os.environ), sys.path]",
    );
    expect(answer).not.toContain(process.cwd());
  });
});

describe("processes", () => {
  tryAll([
    ["os.system", "import os; os.system('touch ' + MARKER)", /^PermissionError: system is not available/],
    ["posix.system", "import posix; posix.system('touch ' + MARKER)", /^PermissionError/],
    [
      "posix.system after a reload",
      "import importlib, posix; importlib.reload(posix); posix.system('touch ' + MARKER)",
      /^ModuleNotFoundError/,
    ],
    [
      "posix.system of a posix made afresh",
      "import _imp; from importlib.machinery import ModuleSpec; _imp.create_builtin(ModuleSpec('posix', None)).system('touch ' + MARKER)",
      /^AttributeError: 'NoneType'/,
    ],
    [
      "any function named system",
      `import gc
found = [o for o in gc.get_objects() if getattr(o, "__name__", "") in ("system", "execve", "_exit", "kill", "fork")]
for function in found:
    if type(function).__name__ == "builtin_function_or_method":
        try:
            function("touch", ["touch", MARKER], {})
        except Exception:
            pass
result = "tried"`,
      /^tried$/,
    ],
    ["os.popen", "import os; result = os.popen('touch ' + MARKER).read()", /^PermissionError/],
    ["subprocess", "import subprocess; subprocess.run('touch ' + MARKER, shell=True)", /^OSError/],
    ["_posixsubprocess", "import _posixsubprocess", /^ModuleNotFoundError/],
    ["os.execv", "import os; os.execv('/bin/touch', ['touch', MARKER])", /^PermissionError/],
    ["os.fork", "import os; os.fork()", /^(PermissionError|AttributeError)/],
    [
      "os.posix_spawn",
      "import os; os.posix_spawn('/bin/touch', ['touch', MARKER], {})",
      /^(PermissionError|AttributeError)/,
    ],
    ["multiprocessing", "import multiprocessing as m; m.Process(target=print).start()", /Error/],
    ["asyncio", "import asyncio; asyncio.run(asyncio.create_subprocess_shell('touch ' + MARKER))", /Error/],
    ["pty", "import pty; pty.spawn(['touch', MARKER])", /Error/],
    ["webbrowser", "import webbrowser; webbrowser.open('file://' + FILE)", /Error|False/],
    ["the debugger", "breakpoint()", /^SystemExit|^BdbQuit/],
    [
      "ctypes",
      "import ctypes; ctypes.CDLL(None).system(b'touch ' + MARKER.encode())",
      /^ModuleNotFoundError/,
    ],
    [
      "_ctypes made afresh",
      "import _imp; from importlib.machinery import ModuleSpec; _imp.create_builtin(ModuleSpec('_ctypes', None)).dlopen(None, 0)",
      /^AttributeError: 'NoneType'/,
    ],
    ["CPython's test hooks", "import _testcapi", /^ModuleNotFoundError/],
  ]);
});

describe("network", () => {
  tryAll([
    ["TCP", "import socket; socket.create_connection(('127.0.0.1', PORT), 2).send(b'GET /')", /^OSError/],
    [
      "TCP by name",
      "import socket; socket.create_connection(('localhost', PORT), 2).send(b'GET /')",
      /Error/,
    ],
    [
      "UDP",
      "import socket; socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('127.0.0.1', PORT))",
      /^OSError|^\w*Error/,
    ],
    ["urllib", "import urllib.request; urllib.request.urlopen(f'http://127.0.0.1:{PORT}/')", /^URLError/],
    [
      "http.client",
      "import http.client; http.client.HTTPConnection('127.0.0.1', PORT).request('GET', '/')",
      /^OSError/,
    ],
    ["asyncio", "import asyncio; asyncio.run(asyncio.open_connection('127.0.0.1', PORT))", /Error/],
    [
      "listening",
      "import socket; s = socket.socket(); s.bind(('127.0.0.1', 0)); s.listen(); s.accept()",
      /^\w*Error/,
    ],
    ["a socket pair", "import socket; socket.socketpair()", /^\w*Error/],
  ]);
});

describe("time that goes on after the rule", () => {
  tryAll([
    ["threads", "import threading; threading.Thread(target=host).start()", /^RuntimeError/],
    ["timers", "import threading; threading.Timer(0, host).start()", /^RuntimeError/],
    ["signals", "import signal; signal.alarm(1)", /^(PermissionError|AttributeError)/],
    ["an event loop", "import asyncio; asyncio.get_event_loop().call_soon(host)", /Error|None/],
    ["at exit", "import atexit; atexit.register(host, 'at exit')", /^None$/],
  ]);

  test("nothing of it called the engine", () => {
    expect(prison.calls).toEqual([]);
  });
});

describe("the end of the interpreter", () => {
  tryAll([
    ["sys.exit", "import sys; sys.exit(3)", /^SystemExit: 3/],
    ["exit", "exit()", /^SystemExit/],
    ["os._exit", "import os; os._exit(3)", /^PermissionError/],
    ["os.abort", "import os; os.abort()", /^PermissionError/],
    ["os.kill", "import os, signal; os.kill(os.getpid(), signal.SIGKILL)", /^PermissionError/],
    ["raise_signal", "import signal; signal.raise_signal(signal.SIGABRT)", /^PermissionError/],
    ["_signal", "import _signal; _signal.raise_signal(6)", /^PermissionError/],
    ["faulthandler", "import faulthandler; faulthandler._sigsegv()", /^ModuleNotFoundError/],
    ["endless recursion", "def f(): f()\nf()", /^RecursionError/],
    ["one large allocation", "bytearray(300 * 2**20)", /^MemoryError/],
    [
      "an interrupt",
      "import _thread; _thread.interrupt_main(); result = [x for x in range(10**5)][-1]",
      /^KeyboardInterrupt|^99999/,
    ],
  ]);

  test("leaves the process's exit code alone", () => {
    expect(process.exitCode).toBe(undefined);
  });
});
