"""What rules print, line by line, to wherever the engine shows it."""

import io
import sys

# A rule in an endless loop of prints ends with its budget, not with the memory.
_LINE_CHARACTERS_MAX = 8192


class _Lines(io.TextIOBase):
    """A text stream that hands over whole lines."""

    encoding = "utf-8"
    errors = "replace"

    def __init__(self, show):
        self._show = show
        self._rest = ""

    def writable(self):
        return True

    def write(self, text):
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        *lines, rest = (self._rest + text).split("\n")
        for line in lines:
            self._show(_crossable(line))
        while len(rest) > _LINE_CHARACTERS_MAX:
            self._show(_crossable(rest[:_LINE_CHARACTERS_MAX]))
            rest = rest[_LINE_CHARACTERS_MAX:]
        self._rest = rest
        return len(text)


def _crossable(line):
    """The line without halves of characters, which cannot leave Python."""
    return line.encode("utf-8", "replace").decode("utf-8")


def connect(show):
    """Puts the streams in place of Python's own."""
    sys.stdout = _Lines(show)
    sys.stderr = _Lines(show)
