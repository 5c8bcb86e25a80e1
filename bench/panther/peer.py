"""How fast Panther's own packages evaluate the rules of a repository, in one process and thread.

`python peer.py EVENTS LOG_TYPE`, with the repository as the working folder and EVENTS a file of one
JSON event a line. Loading is Panther's own and not timed. Timed is: read a line, parse it, wrap it
once, and `Rule.run` for every rule of the log type, as a lane of Stakeout does. State helpers work on
a dictionary in this process instead of DynamoDB, which takes away what they cost in production.
Prints one line of JSON.
"""

import json
import resource
import sys
import time
from typing import Any

from panther_analysis_tool import main as tool
from panther_core.enriched_event import PantherEvent
from panther_core.rule import Rule
from panther_detection_helpers import caching


def keep_state_here() -> None:
    """Puts helpers on a dictionary in the place of those that ask DynamoDB; nothing expires."""
    counters: dict[str, int] = {}
    string_sets: dict[str, set[str]] = {}
    dictionaries: dict[str, dict[str, Any]] = {}

    def increment_counter(key: str, val: int = 1, *_: Any, **__: Any) -> int:
        counters[key] = counters.get(key, 0) + val
        return counters[key]

    def add_to_string_set(key: str, val: Any, *_: Any, **__: Any) -> set[str]:
        members = string_sets.setdefault(key, set())
        members.update([val] if isinstance(val, str) else val)
        return set(members)

    def evaluate_threshold(key: str, threshold: int = 10, *_: Any, **__: Any) -> bool:
        if increment_counter(key) < threshold:
            return False
        counters[key] = 0
        return True

    stand_ins = {
        "get_counter": lambda key, *_, **__: counters.get(key, 0),
        "increment_counter": increment_counter,
        "reset_counter": lambda key: counters.pop(key, None),
        "set_key_expiration": lambda key, *_, **__: None,
        "get_string_set": lambda key, *_, **__: set(string_sets.get(key, ())),
        "put_string_set": lambda key, val, *_, **__: string_sets.__setitem__(key, set(val)),
        "add_to_string_set": add_to_string_set,
        "reset_string_set": lambda key: string_sets.pop(key, None),
        "get_dictionary": lambda key, *_, **__: dict(dictionaries.get(key, {})),
        "put_dictionary": lambda key, val, *_, **__: dictionaries.__setitem__(key, dict(val)),
        "evaluate_threshold": evaluate_threshold,
    }
    for name, stand_in in stand_ins.items():
        setattr(caching, name, stand_in)


def load(log_type: str) -> tuple[list[Rule], Any]:
    """The repository's rules for a log type, and the data model of that type."""
    specs, invalid = tool.load_analysis(".", True, [], [], False)
    if invalid:
        sys.exit(f"Panther's tool cannot load the repository: {invalid[:3]}")
    tool.setup_global_helpers(specs.globals)
    data_models, _ = tool.setup_data_models(specs.data_models)
    rules = []
    for item in specs.detections:
        spec = item.analysis_spec
        if log_type not in spec.get("LogTypes", ()) or "Filename" not in spec:
            continue
        rule = Rule(
            {
                "id": spec["RuleID"],
                "path": f"{item.dir_name}/{spec['Filename']}",
                "versionId": "1",
                "severity": spec["Severity"],
                "dedupPeriodMinutes": spec.get("DedupPeriodMinutes", 60),
            }
        )
        if rule.setup_exception is not None:
            sys.exit(f"{spec['RuleID']}: {rule.setup_exception!r}")
        rules.append(rule)
    return rules, data_models.get(log_type)


def main() -> None:
    """Loads the rules, goes through the events and prints what it took."""
    events_path, log_type = sys.argv[1:]
    keep_state_here()
    rules, data_model = load(log_type)
    matches: dict[str, int] = {}
    errors = 0
    events = 0
    started, started_cpu = time.perf_counter(), time.process_time()
    with open(events_path, "rb") as lines:
        for line in lines:
            fields = json.loads(line)
            # Of what Panther adds to events before rules see them, what the rules ask for.
            fields["p_log_type"] = log_type
            fields["p_event_time"] = fields["eventTime"].replace("T", " ").replace("Z", ".000")
            event = PantherEvent(fields, data_model)
            events += 1
            for rule in rules:
                result = rule.run(event, {}, {})
                if result.trigger_alert:
                    matches[rule.detection_id] = matches.get(rule.detection_id, 0) + 1
                if result.detection_exception is not None:
                    errors += 1
    measured = {
        "events": events,
        "rules": len(rules),
        "seconds": time.perf_counter() - started,
        "cpuSeconds": time.process_time() - started_cpu,
        "matches": sum(matches.values()),
        "ruleErrors": errors,
        "maxResidentMb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "matchesByRule": matches,
    }
    print(json.dumps(measured))


if __name__ == "__main__":
    main()
