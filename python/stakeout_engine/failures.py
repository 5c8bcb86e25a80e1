"""Exceptions of rules as text that people can use."""

import json
import linecache
import traceback

# The engine's own files and Python's library say nothing to the author of a rule.
_ENGINE_FILES = ("/lib/stakeout/", "/lib/python", "<frozen", "<string>")
_FRAMES_MAX = 20
_TEXT_MAX = 10_000


class RuleAnswerError(Exception):
    """A function of a rule answered something of a wrong type."""

    code = "RULE_RESULT_INVALID"


class RecordedError(Exception):
    """An error that was described before; its only argument is the description."""


def describe(error):
    """The exception as JSON text: its type, its message, where it was raised, and a traceback for people."""
    if isinstance(error, RecordedError):
        return error.args[0]
    frames = [frame for frame in _frames(error) if not frame.filename.startswith(_ENGINE_FILES)]
    last = frames[-1] if frames else None
    file, line = (last.filename, last.lineno) if last is not None else ("", 0)
    if isinstance(error, SyntaxError) and error.filename:
        file, line = error.filename, error.lineno or 0
    return json.dumps(
        {
            "type": type(error).__name__,
            "code": getattr(error, "code", None) if _is_known(error) else None,
            "message": _text(error),
            "shown": _shown(error),
            "file": file,
            "line": line,
            "trace": [
                {"file": frame.filename, "line": frame.lineno, "function": frame.name, "source": frame.line or ""}
                for frame in frames[-_FRAMES_MAX:]
            ],
        }
    )


def _is_known(error):
    """Codes of the engine's own errors; a rule's exceptions may have a ``code`` of any kind."""
    return type(error).__name__ in ("RuleAnswerError", "StateError") or type(error).__module__ in ("stakeout_state",)


def _frames(error):
    try:
        return traceback.extract_tb(error.__traceback__)
    except Exception:  # A traceback is a help; the failure itself must not be lost for it.
        return []


def _text(error):
    if isinstance(error, SyntaxError):
        return (error.msg or "invalid syntax")[:_TEXT_MAX]
    try:
        return str(error)[:_TEXT_MAX]
    except Exception:
        return "its message cannot be made into text"


def _shown(error):
    try:
        return repr(error)[:_TEXT_MAX]
    except Exception:
        return type(error).__name__


def remember_source(path, source):
    """Makes the lines of a file that is not on disk known to tracebacks."""
    linecache.cache[path] = (len(source), None, source.splitlines(True), path)
