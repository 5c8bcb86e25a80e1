"""What the conditions of a rule saw, for tests that fail and for explanations.

A rule that is watched is run from a second copy of its module, in which every condition, and every
value that a condition is made of, goes through a function that notes it and hands it on. The copy
does what the original does, in the same order; what variables at the top of its file hold begins
afresh. Rules that nobody watches are not touched.
"""

import ast
import json
from collections.abc import Mapping
from types import FunctionType, ModuleType

from panther_core.immutable import ImmutableContainerMixin, json_encoder

_RECORDS_MAX = 10_000
_VALUE_CHARACTERS_MAX = 200
_TEXT_CHARACTERS_MAX = 400
# The largest integer that every reader of JSON reads as it is.
_INTEGER_MAX = 2**53 - 1
# A name that no rule uses.
_NOTE = "__stakeout_note__"

# What a place in the source is. Of an answer only a boolean is worth a record.
_PART, _STATEMENT, _CONDITION, _ANSWER = range(4)


class Recorder:
    """Notes what the watched rules do while a trace is on."""

    def __init__(self):
        self._sites = []
        self._records = None
        self._dropped = 0
        # Values whose condition or statement has not come to its end yet.
        self._pending = []

    def compile(self, source, path):
        """The code of a file with every condition noted, and the names that it needs."""
        tree = _Instrument(self._sites, source, path).visit(ast.parse(source, path))
        code = compile(ast.fix_missing_locations(tree), path, "exec", dont_inherit=True)
        return code, {_NOTE: self._note}

    def start(self):
        """Begins a trace. What an earlier one recorded is forgotten."""
        self._records = []
        self._pending = []
        self._dropped = 0

    def take(self):
        """Ends the trace and answers its records, in the order in which conditions were decided."""
        records, self._records = self._records or [], None
        pending, self._pending = self._pending, []
        records += self._raised(pending)
        if self._dropped:
            text = f"({self._dropped} more conditions were evaluated, of which nothing is kept)"
            records.append({**records[-1], "text": text, "value": None, "parts": []})
        return records

    def _note(self, number, value):
        if self._records is None:
            return value
        kind, parent, record = self._sites[number]
        if kind == _PART:
            if _is_worth_seeing(value):
                self._pending.append((number, parent, small_copy(value)))
            return value
        parts = self._parts_of(number)
        if kind == _CONDITION or (kind == _ANSWER and isinstance(value, bool)):
            self._add({**record, "value": small_copy(value), "parts": parts})
        if kind == _CONDITION and parent is not None:
            self._pending.append((number, parent, small_copy(value)))
        return value

    def _parts_of(self, number):
        """Takes the values of a place off the list, and drops those inside of others."""
        parts = []
        left = []
        inside = {number}
        for entry in reversed(self._pending):
            part, parent, value = entry
            if parent not in inside:
                left.append(entry)
                continue
            inside.add(part)
            if parent == number:
                parts.append({"text": self._sites[part][2]["text"], "value": value})
        left.reverse()
        self._pending = left
        # Evaluated several times, in a loop inside the condition, the last value is what decided.
        distinct = {part["text"]: part for part in reversed(parts)}
        return list(distinct.values())

    def _raised(self, pending):
        """Records for lines that an exception came out of, so that they never came to their end."""
        lines = {}
        for number, parent, value in pending:
            while parent is not None and self._sites[parent][1] is not None:
                parent = self._sites[parent][1]
            if parent is None:
                continue
            place = self._sites[parent][2]
            parts = lines.setdefault((place["file"], place["line"], place["text"]), {})
            parts[self._sites[number][2]["text"]] = value
        return [
            {
                "file": file,
                "line": line,
                "text": text,
                "value": {"$": "an exception"},
                "parts": [{"text": part, "value": value} for part, value in parts.items()],
            }
            for (file, line, text), parts in lines.items()
        ]

    def _add(self, record):
        if len(self._records) < _RECORDS_MAX:
            self._records.append(record)
        else:
            self._dropped += 1


class _Instrument(ast.NodeTransformer):
    """Puts a call of the noting function around conditions and their parts, inside of functions."""

    def __init__(self, sites, source, path):
        self._sites = sites
        self._source = source
        self._path = path
        # Number of the place that parts belong to; None outside of functions.
        self._within = None
        self._inside = False

    def visit_FunctionDef(self, node):
        outer, self._inside = (self._within, self._inside), True
        self._within = None
        node.body = [self.visit(statement) for statement in node.body]
        self._within, self._inside = outer
        return node

    visit_AsyncFunctionDef = visit_FunctionDef

    def visit_Lambda(self, node):
        # Called later, when the statement around it has come to its end.
        outer, self._within = self._within, None
        node.body = self.visit(node.body)
        self._within = outer
        return node

    def visit_If(self, node):
        node.test = self._condition(node.test)
        return self._visit_others(node, "test")

    visit_While = visit_If

    def visit_Assert(self, node):
        node.test = self._condition(node.test)
        return self._visit_others(node, "test")

    def visit_IfExp(self, node):
        node.test = self._condition(node.test)
        return self._visit_others(node, "test")

    def visit_comprehension(self, node):
        node.ifs = [self._condition(test) for test in node.ifs]
        return self._visit_others(node, "ifs", "target")

    def visit_match_case(self, node):
        if node.guard is not None:
            node.guard = self._condition(node.guard)
        node.body = [self.visit(statement) for statement in node.body]
        return node

    def visit_Match(self, node):
        node.subject = self._condition(node.subject)
        return self._visit_others(node, "subject")

    def visit_Return(self, node):
        if node.value is None:
            return node
        by_operator = isinstance(node.value, (ast.BoolOp, ast.Compare, ast.UnaryOp))
        return self._statement(node, "value", _STATEMENT if by_operator else _ANSWER)

    def visit_Assign(self, node):
        return node if isinstance(node.value, ast.Constant) else self._statement(node, "value")

    visit_AugAssign = visit_Assign
    visit_Expr = visit_Assign

    def visit_AnnAssign(self, node):
        return node if node.value is None else self._statement(node, "value")

    def visit_For(self, node):
        if not self._inside:
            return self.generic_visit(node)
        return self._visit_others(self._statement(node, "iter"), "iter", "target")

    def visit_Raise(self, node):
        return node

    def visit_Compare(self, node):
        return self._condition(node) if self._inside else node

    def visit_BoolOp(self, node):
        return self._condition(node) if self._inside else node

    def visit_UnaryOp(self, node):
        if not isinstance(node.op, ast.Not):
            return self.generic_visit(node)
        return self._condition(node) if self._inside else node

    def visit_Call(self, node):
        return self._part(node, self._visit_call)

    def visit_Attribute(self, node):
        return self._part(node, self.generic_visit)

    def visit_Subscript(self, node):
        return self._part(node, self.generic_visit)

    def visit_Name(self, node):
        return self._part(node, lambda same: same)

    def _visit_call(self, node):
        # What is called is no value to see, but what a method is called on may be.
        if isinstance(node.func, ast.Attribute):
            node.func.value = self.visit(node.func.value)
        node.args = [self.visit(argument) for argument in node.args]
        node.keywords = [self.visit(keyword) for keyword in node.keywords]
        return node

    def visit_Starred(self, node):
        if isinstance(node.ctx, ast.Load):
            node.value = self.visit(node.value)
        return node

    def visit_NamedExpr(self, node):
        node.value = self.visit(node.value)
        return node

    def visit_JoinedStr(self, node):
        for value in node.values:
            if isinstance(value, ast.FormattedValue):
                value.value = self.visit(value.value)
        return node

    def _condition(self, node):
        if not self._inside:
            return self.visit(node)
        number = self._site(_CONDITION, node, self._within)
        outer, self._within = self._within, number
        by_operator = isinstance(node, (ast.BoolOp, ast.Compare, ast.UnaryOp))
        inner = self.generic_visit(node) if by_operator else self._plain(node)
        self._within = outer
        return self._noted(number, inner)

    def _plain(self, node):
        """A condition without an operator, such as a call: it is the record, and no part of it."""
        if isinstance(node, ast.Call):
            return self._visit_call(node)
        if isinstance(node, ast.Name):
            return node
        if isinstance(node, (ast.Attribute, ast.Subscript)):
            return self.generic_visit(node)
        return self.visit(node)

    def _statement(self, node, field, kind=_STATEMENT):
        value = getattr(node, field)
        if not self._inside:
            return self.generic_visit(node)
        number = self._site(kind, node, None)
        outer, self._within = self._within, number
        setattr(node, field, self._noted(number, self.visit(value)))
        self._within = outer
        return node

    def _part(self, node, visit_inside):
        if not isinstance(getattr(node, "ctx", None), (ast.Load, type(None))):
            return self.generic_visit(node)
        if self._within is None:
            return visit_inside(node)
        number = self._site(_PART, node, self._within)
        outer, self._within = self._within, number
        inner = visit_inside(node)
        self._within = outer
        return self._noted(number, inner)

    def _visit_others(self, node, *done):
        """Visits the fields of a node that were not dealt with yet."""
        for name, value in ast.iter_fields(node):
            if name in done:
                continue
            if isinstance(value, list):
                visited = [self.visit(one) if isinstance(one, ast.AST) else one for one in value]
                setattr(node, name, visited)
            elif isinstance(value, ast.AST):
                setattr(node, name, self.visit(value))
        return node

    def _site(self, kind, node, parent):
        record = {"file": self._path, "line": node.lineno, "text": self._text(node)}
        self._sites.append((kind, parent, record))
        return len(self._sites) - 1

    def _text(self, node):
        if isinstance(node, ast.For):
            node = node.iter
        text = " ".join((ast.get_source_segment(self._source, node) or "").split())
        return text if len(text) <= _TEXT_CHARACTERS_MAX else text[:_TEXT_CHARACTERS_MAX] + "…"

    def _noted(self, number, node):
        call = ast.Call(ast.Name(_NOTE, ast.Load()), [ast.Constant(number), node], [])
        return ast.copy_location(call, node)


def _is_worth_seeing(value):
    """False for whole events, functions, classes and modules: their text says nothing."""
    if isinstance(value, (FunctionType, ModuleType, type)):
        return False
    return not (isinstance(value, ImmutableContainerMixin) and hasattr(value, "udm"))


def small_copy(value):
    """The value as JSON has it where it is small; else ``{"$": text}``, the start of its ``repr``."""
    kind = value.__class__
    if value is None or kind is bool or (kind is int and abs(value) <= _INTEGER_MAX):
        return value
    if kind is str and len(value) <= _VALUE_CHARACTERS_MAX:
        return value
    if kind is float and value - value == 0:
        return value
    if kind in (list, dict) or isinstance(value, (ImmutableContainerMixin, Mapping)):
        text = _json_text(value)
        if text is not None:
            return json.loads(text)
    try:
        shown = repr(value.copy() if isinstance(value, ImmutableContainerMixin) else value)
    except Exception:
        shown = kind.__name__
    short = len(shown) <= _VALUE_CHARACTERS_MAX
    return {"$": shown if short else shown[:_VALUE_CHARACTERS_MAX] + "…"}


def _json_text(value):
    try:
        text = json.dumps(value, default=json_encoder, allow_nan=False)
    except Exception:
        return None
    return text if len(text) <= _VALUE_CHARACTERS_MAX else None
