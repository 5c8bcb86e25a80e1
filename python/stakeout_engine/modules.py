"""Modules that a repository brings: helpers by their import name, rules, methods of data models."""

import importlib.abc
import importlib.machinery
import linecache
import sys
from types import ModuleType

from panther_detection_helpers import caching
from stakeout_engine import failures
from stakeout_engine.syntax import Module

# What a repository cannot put in the place of the engine's own; nor anything whose name starts with "stakeout".
_ENGINE_MODULES = frozenset({"panther_core", "panther_detection_helpers", "boto3", "botocore", "datadog"})

# Repositories brought their state functions in this module before Panther had a package for them. Theirs talk to a
# database; what else they put into the module is their own.
_STATE_MODULE = "panther_oss_helpers"


class _Helpers(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds helper modules among the sources that the engine handed over."""

    def __init__(self):
        self.sources = {}

    def find_spec(self, name, path=None, target=None):
        if name not in self.sources:
            return None
        return importlib.machinery.ModuleSpec(name, self, origin=self.sources[name][0])

    def create_module(self, spec):
        return None

    def exec_module(self, module):
        path, source = self.sources[module.__name__]
        _run(module, path, source)
        if module.__name__ == _STATE_MODULE:
            vars(module).update({name: getattr(caching, name) for name in caching.__all__})


class _Wheels(importlib.abc.MetaPathFinder):
    """Has the files of a wheel put in place when something of it is imported for the first time."""

    def __init__(self, unpack):
        self._unpack = unpack
        self.names = {}

    def find_spec(self, name, path=None, target=None):
        number = self.names.get(name.partition(".")[0])
        if number is None:
            return None
        for known in [known for known, other in self.names.items() if other == number]:
            del self.names[known]
        self._unpack(number)
        importlib.invalidate_caches()
        return importlib.machinery.PathFinder.find_spec(name, path, target)


# Where the engine puts the files of wheels.
_PACKAGES_FOLDER = "/lib/packages"

_helpers = _Helpers()
_syntax = {}
_wheels = None


def install(unpack):
    """Puts the repository's helpers before everything else that can be imported, and its packages after it."""
    global _wheels
    _wheels = _Wheels(unpack)
    sys.meta_path.insert(0, _helpers)
    sys.meta_path.append(_wheels)
    sys.path.append(_PACKAGES_FOLDER)


def add_wheel(number, names):
    """Makes what a wheel holds importable by these names."""
    for name in names:
        _wheels.names.setdefault(name, number)


def add_helper(name, path, source):
    """Makes a helper importable. Answers False for a name that the engine itself provides."""
    if name.partition(".")[0] in _ENGINE_MODULES or name.startswith("stakeout"):
        return False
    _helpers.sources[name] = (path, source)
    return True


def syntax_of(module):
    """The syntax of a module that ``load`` made."""
    return Module("".join(linecache.getlines(module.__file__)), vars(module))


def syntax_of_helper(name):
    """The syntax of a helper by its import name; None for any other module."""
    if name not in _syntax and name in _helpers.sources and name in sys.modules:
        _syntax[name] = Module(_helpers.sources[name][1], vars(sys.modules[name]))
    return _syntax.get(name)


def load(name, path, source):
    """Runs a file as a module of its own, which nothing imports by name."""
    module = ModuleType(name)
    _run(module, path, source)
    return module


def _run(module, path, source):
    module.__file__ = path
    failures.remember_source(path, source)
    exec(compile(source, path, "exec", dont_inherit=True), module.__dict__)
