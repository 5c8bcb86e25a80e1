"""Which rules cannot match an event, seen from one of its fields alone.

Most rules begin by asking for one value: ``if event.get("eventName") != "ConsoleLogin": return False``. Where
the source of a rule shows that it answers exactly False for a value, that it does nothing else before, and
that nothing before can raise, the rule need not be asked about events with that value. Everything this module
does not recognise counts as something that might happen, so such a rule is always asked.

A guard is a field (its path) and a test that gets the field's value, a text, None or ``MISSING``, and answers
whether the rule must be asked. Values of other types are not for it.
"""

import ast

from stakeout_engine.expressions import Expressions
from stakeout_engine.syntax import MISSING, conditions, copy_of, returns_false, takes_event

_VALUE = "stakeout_value"


def find_guards(module, function_name, modules):
    """The guards of a rule as ``(path, test)``, none where nothing is certain.

    ``modules`` answers the ``Module`` of a name that a function was defined in, or None.
    """
    function = module.functions.get(function_name)
    if function is None or function.decorator_list or not takes_event(function):
        return []
    expressions = Expressions(module, function.args.args[0].arg, modules)
    # The name must still be that function: a module may put another in its place.
    found = module.names.get(function_name)
    if getattr(getattr(found, "__code__", None), "co_firstlineno", -1) != function.lineno:
        return []
    return _Reader(expressions).guards(function.body)


class _Reader:
    """Reads the body of a function for guards."""

    def __init__(self, expressions):
        self._expressions = expressions

    def guards(self, body):
        """Guards of the statements up to the first that may do something else."""
        guards = []
        for number, statement in enumerate(body):
            if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
                continue
            if isinstance(statement, ast.Assign) and self._expressions.alias(statement):
                continue
            if isinstance(statement, ast.If) and not statement.orelse and returns_false(statement.body):
                test = self._expressions.expand(statement.test)
                self._collect(test, False, guards)
                if self._expressions.is_pure(test):
                    continue
            elif isinstance(statement, ast.If):
                guards += self._before_false(body[number:])
            elif isinstance(statement, ast.Return) and statement.value is not None:
                self._collect(self._expressions.expand(statement.value), True, guards, answered=True)
            break
        return guards

    def _before_false(self, statements):
        """Guards of conditions one after another, of which one must hold, because ``return False`` follows them."""
        tests, last = conditions(statements)
        if not isinstance(last, ast.Return) or not returns_false([last]):
            return []
        found = []
        for number, test in enumerate(tests):
            test = self._expressions.expand(test)
            guards = []
            self._collect(test, True, guards)
            found.append(guards)
            if number < len(tests) - 1 and not self._expressions.is_pure(test):
                return []
        return _joined(found)

    def _collect(self, node, wanted, guards, answered=False):
        """Adds a guard for each part without which the whole cannot come to ``wanted``.

        Parts stand in the order in which they are evaluated; one behind a part that might raise is left out. Where
        the value is what the rule answers, the rule must answer exactly False without them.
        """
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            self._collect(node.operand, not wanted, guards)
            return
        if wanted and self._expressions.is_all(node):
            self._collect_all(node.args[0].elts, guards)
            return
        joins = ast.And if wanted else ast.Or
        if isinstance(node, ast.BoolOp) and isinstance(node.op, joins):
            for part in node.values:
                self._collect(part, wanted, guards, answered)
                if not self._expressions.is_pure(part) or (answered and not self._expressions.is_boolean(part)):
                    return
            return
        path = self._expressions.only_path(node)
        if path is not None and (not answered or self._expressions.is_boolean(node)):
            test = self._compile(node, path, wanted)
            if test is not None:
                guards.append((path, test))

    def _collect_all(self, parts, guards):
        """Each part is a guard where none of the others can raise, since all are evaluated."""
        impure = [part for part in parts if not self._expressions.is_pure(part)]
        for part in parts:
            if not impure or impure == [part]:
                self._collect(part, True, guards)

    def _compile(self, node, path, wanted):
        """The test: answers for the value at this path whether the expression comes to ``wanted``, or may."""
        compute = self._function(node, path, lambda _: ast.Name(id=_VALUE, ctx=ast.Load()))

        def may(function, value=None):
            try:
                return bool(function(value)) is wanted
            except Exception:
                return True

        # What an access answers without a text is known now: its default, or None.
        missing = may(self._function(node, path, self._without_field))
        null = may(self._function(node, path, self._with_null))

        def test(value):
            if value is MISSING:
                return missing
            return null if value is None else may(compute, value)

        return test

    def _function(self, node, path, stand_in):
        """The expression as a function of the value, with something else in the place of what reads it."""
        body = _Value(self._expressions, path, stand_in).visit(copy_of(node))
        arguments = ast.arguments(
            posonlyargs=[], args=[ast.arg(arg=_VALUE)], kwonlyargs=[], kw_defaults=[], defaults=[]
        )
        expression = ast.fix_missing_locations(ast.Expression(ast.Lambda(args=arguments, body=body)))
        return eval(compile(expression, "<guard>", "eval"), self._expressions.module.names)

    def _without_field(self, access):
        """What an access stands for where there is no such field."""
        if isinstance(access, ast.Subscript):
            return access
        given = access.args[1:] if access.func.attr == "get" else [one.value for one in access.keywords]
        return given[0] if given else ast.Constant(None)

    def _with_null(self, access):
        """What an access stands for where the value is null: ``deep_get`` answers its default then, too."""
        if isinstance(access, ast.Call) and access.func.attr == "deep_get":
            return self._without_field(access)
        return ast.Constant(None)


def _joined(found):
    """One guard for each path that all of them ask for: some of them must want to look."""
    paths = {path for path, _ in found[0]} if found else set()
    joined = []
    for path in sorted(paths, key=str):
        each = [[test for other, test in guards if other == path] for guards in found]
        if all(each):
            joined.append((path, _some([_every(tests) for tests in each])))
    return joined


def _every(tests):
    return tests[0] if len(tests) == 1 else lambda text: all(test(text) for test in tests)


def _some(tests):
    return tests[0] if len(tests) == 1 else lambda text: any(test(text) for test in tests)


class _Value(ast.NodeTransformer):
    """Puts something in the place of each access that reads the value from the event."""

    def __init__(self, expressions, path, stand_in):
        self._expressions = expressions
        self._path = path
        self._stand_in = stand_in

    def visit(self, node):
        if self._expressions.path(node) == self._path:
            return self._stand_in(node)
        return super().visit(node)
