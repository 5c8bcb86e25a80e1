"""The syntax of modules, as far as the meaning of their names goes."""

import ast

# Stands for a field, or a value, that is not there.
MISSING = object()

CONSTANTS = (str, int, float, bool, type(None))


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


def conditions(statements):
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


def copy_of(node):
    return ast.parse(ast.unparse(node), mode="eval").body


def takes_event(function):
    arguments = function.args
    others = arguments.posonlyargs or arguments.kwonlyargs or arguments.vararg or arguments.kwarg
    return len(arguments.args) == 1 and not others


def returns_false(body):
    """True for nothing but ``return False``."""
    return (
        len(body) == 1
        and isinstance(body[0], ast.Return)
        and isinstance(body[0].value, ast.Constant)
        and body[0].value.value is False
    )


def is_text(node):
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def is_harmless(nodes):
    for node in nodes:
        empty = isinstance(node, (ast.List, ast.Tuple, ast.Dict)) and not getattr(node, "elts", None)
        if not empty and not isinstance(node, ast.Constant):
            return False
        if isinstance(node, ast.Dict) and node.keys:
            return False
    return True


def is_constant(value):
    if isinstance(value, CONSTANTS):
        return True
    if isinstance(value, (tuple, list, set, frozenset)):
        return all(isinstance(member, CONSTANTS) for member in value)
    return isinstance(value, dict) and all(isinstance(member, CONSTANTS) for member in value)
