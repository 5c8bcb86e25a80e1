"""Takes away from Python what rules have no use for and what could end or leave the interpreter.

Called once, after start-up and before any code of a rule. It is not what keeps rules inside:
JavaScript around the interpreter does that. It is a second wall, and it turns what would kill the
interpreter into an exception.
"""

import os
import posix
import signal
import sys
import _signal

# Bridges to JavaScript, access to raw memory, and CPython's own test hooks.
_MODULES = frozenset(
    {
        "js",
        "pyodide",
        "pyodide_js",
        "_pyodide",
        "_pyodide_core",
        "ctypes",
        "_ctypes",
        "faulthandler",
        "stakeout_lockdown",
    }
)

_POSIX = (
    "_emscripten_debugger",
    "_emscripten_log",
    "_exit",
    "_inputhook",
    "_is_inputhook_installed",
    "abort",
    "chroot",
    "execv",
    "execve",
    "fork",
    "forkpty",
    "kill",
    "killpg",
    "login_tty",
    "pipe",
    "pipe2",
    "posix_openpt",
    "posix_spawn",
    "posix_spawnp",
    "register_at_fork",
    "system",
    "wait",
    "wait3",
    "wait4",
    "waitid",
    "waitpid",
)
_OS = (
    "execl",
    "execle",
    "execlp",
    "execlpe",
    "execvp",
    "execvpe",
    "popen",
    "spawnl",
    "spawnle",
    "spawnlp",
    "spawnlpe",
    "spawnv",
    "spawnve",
    "spawnvp",
    "spawnvpe",
)
_SIGNAL = ("alarm", "pause", "pthread_kill", "raise_signal", "setitimer", "siginterrupt")


# What calling a function of the engine takes, and what every type has.
_PROXY_PARTS = frozenset(
    {
        "__call__",
        "__doc__",
        "__init__",
        "__module__",
        "__new__",
        "__vectorcalloffset__",
        "_js_type_flags",
    }
)


def lock(thaw):
    """Locks the interpreter down.

    ``thaw`` makes a built-in type changeable, by its address and flags. Functions of the engine
    are all of its type.
    """
    _close_proxies(thaw)
    _forget_bridges()
    _refuse(posix, _POSIX)
    _refuse(os, _POSIX + _OS)
    _refuse(_signal, _SIGNAL)
    _refuse(signal, _SIGNAL)
    sys.path[:] = dict.fromkeys(path for path in sys.path if path)


def _close_proxies(thaw):
    """Leaves of the types that stand for things of JavaScript only the call."""
    base = type(thaw).__base__
    if not thaw(id(base), base.__flags__):
        raise RuntimeError("the types of JavaScript values cannot be changed")
    for kind in (*base.__subclasses__(), base):
        for name in [name for name in vars(kind) if name not in _PROXY_PARTS]:
            delattr(kind, name)


def _forget_bridges():
    """Makes the modules that lead to JavaScript unfindable, and empties those still held."""
    sys.meta_path[:] = [finder for finder in sys.meta_path if _root(_home(finder)) not in _MODULES]
    for name in [name for name in sys.modules if _root(name) in _MODULES]:
        module = sys.modules.pop(name)
        for attribute, value in list(vars(module).items() if hasattr(module, "__dict__") else ()):
            if _is_bridge(value):
                delattr(module, attribute)
            elif type(value).__name__ == "JsFinder":
                value.jsproxies.clear()
    # An import of one of these fails, instead of running it again from the library.
    sys.modules.update(dict.fromkeys(_MODULES))


def _is_bridge(value):
    kind = type(value)
    if kind.__name__ == "builtin_function_or_method":
        return value.__module__ == "_pyodide_core"
    return _root(kind.__module__) in ("js", "_pyodide_core") or kind.__name__ == "JsProxy"


def _home(finder):
    kind = finder if isinstance(finder, type) else type(finder)
    return kind.__module__


def _root(name):
    return name.partition(".")[0]


def _refuse(module, names):
    for name in names:
        if hasattr(module, name):
            setattr(module, name, _refusal(name))


def _refusal(name):
    def refused(*_args, **_kwargs):
        raise PermissionError(f"{name} is not available to rules")

    refused.__name__ = refused.__qualname__ = name
    return refused
