"""The functions that the engine calls, by name. Values are plain, anything structured is JSON text."""

import json

import stakeout_state
from stakeout_engine import modules
from stakeout_engine.evaluate import Evaluator
from stakeout_engine.events import CurrentEvent, DataModel
from stakeout_engine.failures import describe

_current = None
_evaluator = None


def connect(operate, standard_field, unpack):
    """Hands over the engine's functions; called once, before everything else."""
    global _current, _evaluator
    _current = CurrentEvent(standard_field)
    _evaluator = Evaluator(_current)
    asking = _evaluator.asking
    stakeout_state.connect(lambda *operation: operate(*operation, asking()))
    modules.install(unpack)


def evaluator():
    """What asks rules."""
    return _evaluator


def current():
    """What holds the event."""
    return _current


def add_helper(name, path, source):
    """Makes a helper module importable; see ``modules.add_helper``."""
    return modules.add_helper(name, path, source)


def add_wheel(number, names):
    """See ``modules.add_wheel``; the names as JSON."""
    modules.add_wheel(number, json.loads(names))


def add_lookup_table(text):
    """Adds a lookup table given as JSON: name, primaryKey, rows, selectors."""
    table = json.loads(text)
    _current.tables.add(table["name"], table["primaryKey"], table["rows"], table["selectors"])


def add_data_model(text):
    """Adds a data model given as JSON: id, logTypes, mappings, and the path and source of its methods.

    Answers JSON: a list of ``[number of the mapping or -1, error]``.
    """
    spec = json.loads(text)
    model = DataModel(spec["id"])
    problems = []
    module = None
    if spec.get("source") is not None:
        try:
            module = modules.load(f"data_model_{spec['id']}", spec["path"], spec["source"])
        except BaseException as error:
            problems.append([-1, json.loads(describe(error))])
    for number, mapping in enumerate(spec["mappings"]):
        try:
            if "path" in mapping:
                model.add_path(mapping["name"], mapping["path"])
            elif module is not None:
                model.add_method(mapping["name"], getattr(module, mapping["method"]))
        except Exception as error:
            problems.append([number, json.loads(describe(error))])
    for log_type in spec["logTypes"]:
        _current.add_model(log_type, model)
    return json.dumps(problems)


def load_rule(number, kind, path, source):
    """Loads the file of a rule. Answers JSON: ``{"functions": […]}`` or ``{"error": …}``."""
    try:
        module = modules.load(f"rule_{number}", path, source)
        return json.dumps({"functions": _evaluator.add(number, module, kind)})
    except BaseException as error:  # A file may also call exit().
        failure = describe(error)
        _evaluator.add_broken(number, failure)
        return json.dumps({"error": json.loads(failure)})


def open_group(numbers):
    """See ``Evaluator.open_group``; the numbers as JSON."""
    return _evaluator.open_group(json.loads(numbers))


def names(number):
    """See ``Evaluator.names``; answers JSON."""
    return json.dumps(_evaluator.names(number))
