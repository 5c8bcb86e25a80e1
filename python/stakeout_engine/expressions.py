"""What expressions about an event do: what they read, whether they can raise, what they answer."""

import ast
from types import ModuleType

from stakeout_engine.syntax import (
    CONSTANTS,
    MISSING,
    copy_of,
    is_constant,
    is_harmless,
    is_text,
    takes_event,
)

_DEPTH_MAX = 4
_TEXT_METHODS = frozenset(
    {"startswith", "endswith", "lower", "upper", "strip", "casefold", "isdigit", "removeprefix", "removesuffix"}
)
_BOOLEAN_METHODS = frozenset({"startswith", "endswith", "isdigit"})
_COMPARISONS = (ast.Eq, ast.NotEq, ast.In, ast.NotIn, ast.Is, ast.IsNot)


class Expressions:
    """Answers questions about expressions in one function that gets the event.

    ``modules`` answers the ``Module`` of a name that a function was defined in, or None.
    """

    def __init__(self, module, event, modules, depth=0):
        self.module = module
        self._event = event
        self._modules = modules
        self._depth = depth
        self._locals = {}

    def alias(self, statement):
        """Takes ``name = expression`` as another way to write the expression."""
        if len(statement.targets) != 1 or not isinstance(statement.targets[0], ast.Name):
            return False
        value = self.expand(statement.value)
        if not self.is_pure(value):
            return False
        self._locals[statement.targets[0].id] = value
        return True

    def expand(self, node):
        return _Aliases(self._locals).visit(copy_of(node)) if self._locals else node

    def path(self, node):
        """The path of ``event.get("a")``, ``event.deep_get("a", "b")`` or ``event["a"]``.

        ``event.udm("a")`` has the path ``(None, "a")``.
        """
        if isinstance(node, ast.Subscript) and self._is_event(node.value):
            return (node.slice.value,) if is_text(node.slice) else None
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            return None
        if not self._is_event(node.func.value):
            return None
        if node.func.attr == "get" and 1 <= len(node.args) <= 2 and not node.keywords:
            return (node.args[0].value,) if is_text(node.args[0]) and is_harmless(node.args[1:]) else None
        defaults = [keyword.value for keyword in node.keywords if keyword.arg == "default"]
        if len(defaults) != len(node.keywords) or not is_harmless(defaults):
            return None
        keys = tuple(argument.value for argument in node.args if is_text(argument))
        if not keys or len(keys) != len(node.args):
            return None
        if node.func.attr == "udm" and len(keys) == 1:
            return (None, *keys)
        return keys if node.func.attr == "deep_get" else None

    def _constant(self, node):
        """The value of a name of the module, or of a helper module in ``helper.NAME``; ``MISSING`` if uncertain."""
        if isinstance(node, ast.Name):
            return self.module.constant(node.id)
        if not isinstance(node.value, ast.Name):
            return MISSING
        helper = self.module.constant(node.value.id)
        known = self._modules(helper.__name__) if isinstance(helper, ModuleType) else None
        return MISSING if known is None else known.constant(node.attr)

    def _is_event(self, node):
        return isinstance(node, ast.Name) and node.id == self._event and node.id not in self._locals

    def only_path(self, node):
        """The path that an expression depends on, where it is a single one and nothing else happens in it."""
        paths = set()
        if not self._reads(node, paths) or len(paths) != 1:
            return None
        path = paths.pop()
        return None if path[0] is not None and path[0].startswith(("p_", "_")) else path

    def _reads(self, node, paths):
        """True for what can be computed from one text at this path and constants. Adds the paths."""
        path = self.path(node)
        if path is not None:
            paths.add(path)
            return True
        if isinstance(node, ast.Constant):
            return isinstance(node.value, CONSTANTS)
        if isinstance(node, (ast.Name, ast.Attribute)):
            return is_constant(self._constant(node))
        if isinstance(node, (ast.Tuple, ast.List, ast.Set)):
            return all(isinstance(part, ast.Constant) and isinstance(part.value, CONSTANTS) for part in node.elts)
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

    def is_pure(self, node):
        """True for what changes nothing and cannot raise, whatever the event holds."""
        if isinstance(node, ast.Subscript):
            return False
        path = self.path(node)
        if path is not None:
            # A method of a data model may do anything.
            return path[0] is not None
        if isinstance(node, ast.Constant):
            return isinstance(node.value, CONSTANTS)
        if isinstance(node, (ast.Name, ast.Attribute)):
            return is_constant(self._constant(node))
        if isinstance(node, (ast.Tuple, ast.List)):
            return all(isinstance(part, ast.Constant) for part in node.elts)
        if isinstance(node, ast.BoolOp):
            return all(self.is_pure(part) for part in node.values)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            return self.is_pure(node.operand)
        if isinstance(node, ast.Compare):
            return len(node.ops) == 1 and self._compares_safely(node)
        return self._called(node, "all_pure")

    def _compares_safely(self, node):
        """Equality never raises. Membership does for a value that a set cannot hold, or of no container."""
        if isinstance(node.ops[0], (ast.In, ast.NotIn)):
            among = node.comparators[0]
            listed = isinstance(among, (ast.Tuple, ast.List))
            if not listed and isinstance(among, ast.Name):
                listed = isinstance(self.module.constant(among.id), (tuple, list))
            return listed and self.is_pure(among) and self.is_pure(node.left)
        return isinstance(node.ops[0], _COMPARISONS) and self.is_pure(node.left) and self.is_pure(node.comparators[0])

    def is_boolean(self, node):
        """True for what can only be True or False."""
        if isinstance(node, ast.Compare) and len(node.ops) == 1:
            return True
        if isinstance(node, ast.Constant):
            return isinstance(node.value, bool)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            return True
        if isinstance(node, ast.BoolOp):
            return all(self.is_boolean(part) for part in node.values)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            return node.func.attr in _BOOLEAN_METHODS and self._reads(node, set())
        return self._called(node, "all_boolean")

    def is_all(self, node):
        """True for ``all([…])`` with the parts written out: it answers a boolean, after looking at every part."""
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name) or node.func.id != "all":
            return False
        if "all" in self.module.names or "all" in self._locals or len(node.args) != 1 or node.keywords:
            return False
        return isinstance(node.args[0], (ast.List, ast.Tuple))

    def _called(self, node, question):
        """Asks about the function in ``helper(event)``, where it is one that can be read."""
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name) or node.keywords:
            return False
        if len(node.args) != 1 or not self._is_event(node.args[0]) or self._depth >= _DEPTH_MAX:
            return False
        function = self.module.names.get(node.func.id)
        code = getattr(function, "__code__", None)
        if code is None or node.func.id in self._locals or not self._module_keeps(node.func.id):
            return False
        module = self._modules(getattr(function, "__module__", None))
        definition = module and module.functions.get(function.__name__)
        if definition is None or definition.decorator_list or definition.lineno != code.co_firstlineno:
            return False
        if not takes_event(definition):
            return False
        expressions = Expressions(module, definition.args.args[0].arg, self._modules, self._depth + 1)
        return getattr(expressions, question)(definition.body)

    def _module_keeps(self, name):
        """True when the module never gives a name of a function or import another meaning."""
        return self.module.constant(name) is not MISSING

    def all_pure(self, body):
        return self._each_return(body, self.is_pure)

    def all_boolean(self, body):
        return self._each_return(body, self.is_boolean)

    def _each_return(self, body, holds):
        """True when a body is conditions and returns, harmless throughout, and ``holds`` for what it returns."""
        statements = [
            one for one in body if not (isinstance(one, ast.Expr) and isinstance(one.value, ast.Constant))
        ]
        if not statements or not isinstance(statements[-1], ast.Return):
            return False
        for statement in statements:
            if isinstance(statement, ast.Assign) and self.alias(statement):
                continue
            if isinstance(statement, ast.If) and not statement.orelse and len(statement.body) == 1:
                answered = statement.body[0]
                if not self.is_pure(self.expand(statement.test)):
                    return False
            else:
                answered = statement
            if not isinstance(answered, ast.Return) or answered.value is None:
                return False
            value = self.expand(answered.value)
            if not self.is_pure(value) or not holds(value):
                return False
        return True


class _Aliases(ast.NodeTransformer):
    """Writes out what local names stand for."""

    def __init__(self, values):
        self._values = values

    def visit_Name(self, node):
        return self._values.get(node.id, node)
