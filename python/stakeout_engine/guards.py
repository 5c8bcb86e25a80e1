"""Which rules cannot match an event, seen from one of its fields alone.

Most rules begin by asking for one value: ``if event.get("eventName") != "ConsoleLogin": return False``. Where
the source of a rule shows that it answers exactly False for a value, that it does nothing else before, and
that nothing before can raise, the rule need not be asked about events with that value. Everything this module
does not recognise counts as something that might happen, so such a rule is always asked.

A guard is a field (its path) and a test that gets the field's value, a text, None or ``MISSING``, and answers
whether the rule must be asked. Values of other types are not for it.
"""

import ast

_DEPTH_MAX = 4
_TEXT_METHODS = frozenset(
    {"startswith", "endswith", "lower", "upper", "strip", "casefold", "isdigit", "removeprefix", "removesuffix"}
)
_BOOLEAN_METHODS = frozenset({"startswith", "endswith", "isdigit"})
_COMPARISONS = (ast.Eq, ast.NotEq, ast.In, ast.NotIn, ast.Is, ast.IsNot)
_CONSTANTS = (str, int, float, bool, type(None))
_VALUE = "stakeout_value"

MISSING = object()


class Module:
    """The syntax of a module and what its names stand for."""

    def __init__(self, source, names):
        self.tree = ast.parse(source)
        self.names = names
        self.functions = {node.name: node for node in self.tree.body if isinstance(node, ast.FunctionDef)}
        self._kept = None
        self._unchanged = None

    def constant(self, name):
        """The value that a name of the module always has; ``MISSING`` where that is not certain."""
        if self._kept is None:
            self._kept, self._unchanged = _fixed_names(self.tree)
        value = self.names.get(name, MISSING)
        fixed = self._unchanged if isinstance(value, (list, set, dict)) else self._kept
        return value if name in fixed else MISSING


def find_guards(module, function_name, modules):
    """The guards of a rule as ``(path, test)``, none where nothing is certain.

    ``modules`` answers the ``Module`` of a name that a function was defined in, or None.
    """
    function = module.functions.get(function_name)
    if function is None or function.decorator_list or not _takes_event(function):
        return []
    reader = _Reader(module, function.args.args[0].arg, modules, 0)
    # The name must still be that function: a module may put another in its place.
    found = module.names.get(function_name)
    if getattr(getattr(found, "__code__", None), "co_firstlineno", -1) != function.lineno:
        return []
    return reader.guards(function.body)


class _Reader:
    """Reads the body of one function that gets the event."""

    def __init__(self, module, event, modules, depth):
        self._module = module
        self._event = event
        self._modules = modules
        self._depth = depth
        self._locals = {}

    def guards(self, body):
        """Guards of the statements up to the first that may do something else."""
        guards = []
        for number, statement in enumerate(body):
            if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
                continue
            if isinstance(statement, ast.Assign) and self._alias(statement):
                continue
            if isinstance(statement, ast.If) and not statement.orelse and _returns_false(statement.body):
                test = self._expand(statement.test)
                self._collect(test, False, guards)
                if self._is_pure(test):
                    continue
            elif isinstance(statement, ast.If):
                guards += self._before_false(body[number:])
            elif isinstance(statement, ast.Return) and statement.value is not None:
                self._collect(self._expand(statement.value), True, guards, answered=True)
            break
        return guards

    def _before_false(self, statements):
        """Guards of conditions one after another, of which one must hold, because ``return False`` follows them."""
        tests, last = _conditions(statements)
        if not isinstance(last, ast.Return) or not _returns_false([last]):
            return []
        found = []
        for number, test in enumerate(tests):
            test = self._expand(test)
            guards = []
            self._collect(test, True, guards)
            found.append(guards)
            if number < len(tests) - 1 and not self._is_pure(test):
                return []
        return _joined(found)

    def _alias(self, statement):
        """Takes ``name = expression`` as another way to write the expression."""
        if len(statement.targets) != 1 or not isinstance(statement.targets[0], ast.Name):
            return False
        value = self._expand(statement.value)
        if not self._is_pure(value):
            return False
        self._locals[statement.targets[0].id] = value
        return True

    def _expand(self, node):
        return _Aliases(self._locals).visit(_copy(node)) if self._locals else node

    def _collect(self, node, wanted, guards, answered=False):
        """Adds a guard for each part without which the whole cannot come to ``wanted``.

        Parts stand in the order in which they are evaluated; one behind a part that might raise is left out. Where
        the value is what the rule answers, the rule must answer exactly False without them.
        """
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            self._collect(node.operand, not wanted, guards)
            return
        if wanted and self._is_all(node):
            self._collect_all(node.args[0].elts, guards)
            return
        joins = ast.And if wanted else ast.Or
        if isinstance(node, ast.BoolOp) and isinstance(node.op, joins):
            for part in node.values:
                self._collect(part, wanted, guards, answered)
                if not self._is_pure(part) or (answered and not self._is_boolean(part)):
                    return
            return
        path = self._only_path(node)
        if path is not None and (not answered or self._is_boolean(node)):
            test = self._compile(node, path, wanted)
            if test is not None:
                guards.append((path, test))

    def _is_all(self, node):
        """True for ``all([…])`` with the parts written out: it answers a boolean, after looking at every part."""
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name) or node.func.id != "all":
            return False
        if "all" in self._module.names or "all" in self._locals or len(node.args) != 1 or node.keywords:
            return False
        return isinstance(node.args[0], (ast.List, ast.Tuple))

    def _collect_all(self, parts, guards):
        """Each part is a guard where none of the others can raise, since all are evaluated."""
        impure = [part for part in parts if not self._is_pure(part)]
        for part in parts:
            if not impure or impure == [part]:
                self._collect(part, True, guards)

    # What an expression may be made of

    def path(self, node):
        """The path of ``event.get("a")``, ``event.deep_get("a", "b")`` or ``event["a"]``."""
        if isinstance(node, ast.Subscript) and self._is_event(node.value):
            return (node.slice.value,) if _is_text(node.slice) else None
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            return None
        if not self._is_event(node.func.value):
            return None
        if node.func.attr == "get" and 1 <= len(node.args) <= 2 and not node.keywords:
            return (node.args[0].value,) if _is_text(node.args[0]) and _is_harmless(node.args[1:]) else None
        defaults = [keyword.value for keyword in node.keywords if keyword.arg == "default"]
        if node.func.attr == "deep_get" and node.args and len(defaults) == len(node.keywords):
            if all(_is_text(argument) for argument in node.args) and _is_harmless(defaults):
                return tuple(argument.value for argument in node.args)
        return None

    def _is_event(self, node):
        return isinstance(node, ast.Name) and node.id == self._event and node.id not in self._locals

    def _only_path(self, node):
        """The path that an expression depends on, where it is a single one and nothing else happens in it."""
        paths = set()
        if not self._reads(node, paths) or len(paths) != 1:
            return None
        path = paths.pop()
        return None if path[0].startswith("p_") or path[0].startswith("_") else path

    def _reads(self, node, paths):
        """True for what can be computed from one text at this path and constants. Adds the paths."""
        path = self.path(node)
        if path is not None:
            paths.add(path)
            return True
        if isinstance(node, ast.Constant):
            return isinstance(node.value, _CONSTANTS)
        if isinstance(node, ast.Name):
            return _is_constant(self._module.constant(node.id))
        if isinstance(node, (ast.Tuple, ast.List, ast.Set)):
            return all(isinstance(part, ast.Constant) and isinstance(part.value, _CONSTANTS) for part in node.elts)
        if isinstance(node, ast.Compare):
            parts = (node.left, *node.comparators)
            return all(isinstance(op, _COMPARISONS) for op in node.ops) and all(
                self._reads(part, paths) for part in parts
            )
        if isinstance(node, ast.BoolOp):
            return all(self._reads(part, paths) for part in node.values)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            return self._reads(node.operand, paths)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and not node.keywords:
            if node.func.attr not in _TEXT_METHODS or not self._reads(node.func.value, paths):
                return False
            return all(self._reads(argument, set()) and self.path(argument) is None for argument in node.args)
        return False

    def _is_pure(self, node):
        """True for what changes nothing and cannot raise, whatever the event holds."""
        if isinstance(node, ast.Subscript):
            return False
        if self.path(node) is not None:
            return True
        if isinstance(node, ast.Constant):
            return isinstance(node.value, _CONSTANTS)
        if isinstance(node, ast.Name):
            return _is_constant(self._module.constant(node.id))
        if isinstance(node, (ast.Tuple, ast.List)):
            return all(isinstance(part, ast.Constant) for part in node.elts)
        if isinstance(node, ast.BoolOp):
            return all(self._is_pure(part) for part in node.values)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            return self._is_pure(node.operand)
        if isinstance(node, ast.Compare):
            return len(node.ops) == 1 and self._compares_safely(node)
        return self._called(node, "_all_pure")

    def _compares_safely(self, node):
        """Equality never raises. Membership does for a value that a set cannot hold, or of no container."""
        if isinstance(node.ops[0], (ast.In, ast.NotIn)):
            among = node.comparators[0]
            listed = isinstance(among, (ast.Tuple, ast.List))
            if not listed and isinstance(among, ast.Name):
                listed = isinstance(self._module.constant(among.id), (tuple, list))
            return listed and self._is_pure(among) and self._is_pure(node.left)
        return isinstance(node.ops[0], _COMPARISONS) and self._is_pure(node.left) and self._is_pure(node.comparators[0])

    def _is_boolean(self, node):
        """True for what can only be True or False."""
        if isinstance(node, ast.Compare) and len(node.ops) == 1:
            return True
        if isinstance(node, ast.Constant):
            return isinstance(node.value, bool)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            return True
        if isinstance(node, ast.BoolOp):
            return all(self._is_boolean(part) for part in node.values)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            return node.func.attr in _BOOLEAN_METHODS and self._reads(node, set())
        return self._called(node, "_all_boolean")

    def _called(self, node, question):
        """Asks about the function in ``helper(event)``, where it is one that can be read."""
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name) or node.keywords:
            return False
        if len(node.args) != 1 or not self._is_event(node.args[0]) or self._depth >= _DEPTH_MAX:
            return False
        function = self._module.names.get(node.func.id)
        code = getattr(function, "__code__", None)
        if code is None or node.func.id in self._locals or not self._module_keeps(node.func.id):
            return False
        module = self._modules(getattr(function, "__module__", None))
        definition = module and module.functions.get(function.__name__)
        if definition is None or definition.decorator_list or definition.lineno != code.co_firstlineno:
            return False
        if not _takes_event(definition):
            return False
        reader = _Reader(module, definition.args.args[0].arg, self._modules, self._depth + 1)
        return getattr(reader, question)(definition.body)

    def _module_keeps(self, name):
        """True when the module never gives a name of a function or import another meaning."""
        return self._module.constant(name) is not MISSING

    def _all_pure(self, body):
        return self._each_return(body, self._is_pure)

    def _all_boolean(self, body):
        return self._each_return(body, self._is_boolean)

    def _each_return(self, body, holds):
        """True when a body is conditions and returns, harmless throughout, and ``holds`` for what it returns."""
        statements = [
            one for one in body if not (isinstance(one, ast.Expr) and isinstance(one.value, ast.Constant))
        ]
        if not statements or not isinstance(statements[-1], ast.Return):
            return False
        for statement in statements:
            if isinstance(statement, ast.Assign) and self._alias(statement):
                continue
            if isinstance(statement, ast.If) and not statement.orelse and len(statement.body) == 1:
                answered = statement.body[0]
                if not self._is_pure(self._expand(statement.test)):
                    return False
            else:
                answered = statement
            if not isinstance(answered, ast.Return) or answered.value is None:
                return False
            value = self._expand(answered.value)
            if not self._is_pure(value) or not holds(value):
                return False
        return True

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
        body = _Value(self, path, stand_in).visit(_copy(node))
        arguments = ast.arguments(
            posonlyargs=[], args=[ast.arg(arg=_VALUE)], kwonlyargs=[], kw_defaults=[], defaults=[]
        )
        expression = ast.fix_missing_locations(ast.Expression(ast.Lambda(args=arguments, body=body)))
        return eval(compile(expression, "<guard>", "eval"), self._module.names)

    def _without_field(self, access):
        """What an access stands for where there is no such field."""
        if isinstance(access, ast.Subscript):
            return access
        given = access.args[1:] if access.func.attr == "get" else [one.value for one in access.keywords]
        return given[0] if given else ast.Constant(None)

    def _with_null(self, access):
        """What an access stands for where the field is null: ``deep_get`` answers its default then, too."""
        if isinstance(access, ast.Call) and access.func.attr == "deep_get":
            return self._without_field(access)
        return ast.Constant(None)


def _conditions(statements):
    """The conditions of ``if``s one after another, ``elif`` included, and the statement after them."""
    tests = []
    for number, statement in enumerate(statements):
        while isinstance(statement, ast.If):
            tests.append(statement.test)
            if len(statement.orelse) != 1 or not isinstance(statement.orelse[0], ast.If):
                break
            statement = statement.orelse[0]
        if isinstance(statement, ast.If):
            if statement.orelse:
                return tests, None
            continue
        return tests, statement if number == len(statements) - 1 else None
    return tests, None


def _joined(found):
    """One guard for each path that all of them ask for: some of them must want to look."""
    paths = {path for path, _ in found[0]} if found else set()
    joined = []
    for path in sorted(paths):
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

    def __init__(self, reader, path, stand_in):
        self._reader = reader
        self._path = path
        self._stand_in = stand_in

    def visit(self, node):
        if self._reader.path(node) == self._path:
            return self._stand_in(node)
        return super().visit(node)


class _Aliases(ast.NodeTransformer):
    """Writes out what local names stand for."""

    def __init__(self, values):
        self._values = values

    def visit_Name(self, node):
        return self._values.get(node.id, node)


def _copy(node):
    return ast.parse(ast.unparse(node), mode="eval").body


def _takes_event(function):
    arguments = function.args
    others = arguments.posonlyargs or arguments.kwonlyargs or arguments.vararg or arguments.kwarg
    return len(arguments.args) == 1 and not others


def _returns_false(body):
    """True for nothing but ``return False``."""
    return (
        len(body) == 1
        and isinstance(body[0], ast.Return)
        and isinstance(body[0].value, ast.Constant)
        and body[0].value.value is False
    )


def _is_text(node):
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def _is_harmless(nodes):
    for node in nodes:
        empty = isinstance(node, (ast.List, ast.Tuple, ast.Dict)) and not getattr(node, "elts", None)
        if not empty and not isinstance(node, ast.Constant):
            return False
        if isinstance(node, ast.Dict) and node.keys:
            return False
    return True


def _is_constant(value):
    if isinstance(value, _CONSTANTS):
        return True
    if isinstance(value, (tuple, list, set, frozenset)):
        return all(isinstance(member, _CONSTANTS) for member in value)
    return isinstance(value, dict) and all(isinstance(member, _CONSTANTS) for member in value)


def _fixed_names(tree):
    """Names that the module gives a meaning exactly once, at its top; and those of them whose value it never changes.

    A list or a set is not changed where it only stands to the right of ``in``, or is compared. One that another
    module brings may be changed there.
    """
    given, again, assigned, tops = set(), set(), set(), set()
    for statement in tree.body:
        targets = _targets(statement)
        assigned.update(target.id for target in targets)
        tops.update(id(target) for target in targets)
        for name in [target.id for target in targets] + _named(statement):
            (again if name in given else given).add(name)
    compared, used = set(), set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare):
            compared.update(id(part) for part in node.comparators)
        elif isinstance(node, (ast.Global, ast.Nonlocal)):
            again.update(node.names)
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and id(node) not in tops:
            if not isinstance(node.ctx, ast.Load):
                again.add(node.id)
            elif id(node) not in compared:
                used.add(node.id)
    kept = given - again
    return kept, (kept & assigned) - used


def _targets(statement):
    """The names that an assignment at the top gives a value."""
    if isinstance(statement, ast.Assign):
        return [target for target in statement.targets if isinstance(target, ast.Name)]
    if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
        return [statement.target]
    return []


def _named(statement):
    """The names that a definition or an import at the top makes."""
    if isinstance(statement, (ast.FunctionDef, ast.ClassDef)):
        return [statement.name]
    if isinstance(statement, (ast.Import, ast.ImportFrom)):
        return [(alias.asname or alias.name).partition(".")[0] for alias in statement.names]
    return []
