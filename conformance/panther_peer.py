"""What Panther's own packages answer for every test of a repository, for comparison with ours.

Run by `conformance/against-panther.ts` in a virtual environment that holds Panther's packages, with
the repository as the working folder. Panther's command line tool loads the repository and runs its
tests as it always does; all that is added is one observer of its results. Standard output gets one line of JSON for each test:

    {"ruleId", "name", "passed", "functions": {NAME: {"output": ...} or {"error": "Type: message"}}}

NAME is that of the Python function. Functions that a
rule does not define are left out. An alert context comes as the JSON text that Panther stores.

With `--with-log-types`, tests whose events do not say their log type get the data model of their
rule's first one.
"""

import contextlib
import io
import json
import sys
from typing import Any, TextIO

from panther_analysis_tool import main as tool
from panther_core import testing

AUXILIARY_FUNCTIONS = (
    "title",
    "dedup",
    "severity",
    "description",
    "reference",
    "runbook",
    "destinations",
    "alert_context",
    "unique",
)

# Marks events that did not say their log type.
PUT_IN = "conformance: log type put in"


def answer(output: Any, exception: BaseException | None) -> dict[str, Any]:
    """What came of one function, as JSON has it."""
    if exception is not None:
        return {"error": f"{type(exception).__name__}: {exception}"}
    return {"output": output}


def functions_of(result: Any) -> dict[str, dict[str, Any]]:
    """What came of each function that the rule defines; a policy's own is called `rule` here."""
    answers = {"rule": answer(result.detection_output, result.detection_exception)}
    for name in AUXILIARY_FUNCTIONS:
        if getattr(result, f"{name}_defined"):
            exception = getattr(result, f"{name}_exception")
            answers[name] = answer(getattr(result, f"{name}_output"), exception)
    return answers


def observe(lines: TextIO) -> None:
    """Makes Panther's tool write down every result that it judges."""

    class ObservedEvaluator(testing.TestCaseEvaluator):
        """Judges as its base does."""

        def __init__(self, spec: testing.TestSpecification, detection_result: Any) -> None:
            super().__init__(spec, detection_result)
            self.name = spec.name
            self.result = detection_result

        def interpret(self, *arguments: Any, **options: Any) -> testing.TestResult:
            """Answers the base's verdict, and writes a line."""
            verdict = super().interpret(*arguments, **options)
            line = {
                "ruleId": self.result.detection_id,
                "name": self.name,
                "passed": verdict.passed,
                "functions": functions_of(self.result),
            }
            print(json.dumps(line, default=repr), file=lines)
            return verdict

    tool.TestCaseEvaluator = ObservedEvaluator


def choose_models_by_rule() -> None:
    """Makes Panther's tool take the data model of the rule's first log type where an event says none.

    The tool looks at the event's `p_log_type`, so that is put in as tests are loaded, and taken out
    again where the tool makes the event that the rule gets.
    """
    load_analysis = tool.load_analysis
    make_event = tool.PantherEvent

    def load_with_log_types(*arguments: Any, **options: Any) -> Any:
        specs, invalid = load_analysis(*arguments, **options)
        for item in specs.detections:
            log_types = item.analysis_spec.get("LogTypes")
            for test in item.analysis_spec.get("Tests", ()) if log_types else ():
                log = test.get("Log", {})
                if "p_log_type" not in log:
                    log.update({"p_log_type": log_types[0], PUT_IN: True})
        return specs, invalid

    def make_event_as_written(log: dict[str, Any], *arguments: Any) -> Any:
        if log.pop(PUT_IN, False):
            del log["p_log_type"]
        return make_event(log, *arguments)

    tool.load_analysis = load_with_log_types
    tool.PantherEvent = make_event_as_written


def main() -> None:
    """Runs the tests of the repository in the working folder."""
    lines = sys.stdout
    observe(lines)
    if "--with-log-types" in sys.argv[1:]:
        choose_models_by_rule()
    arguments = tool.TestAnalysisArgs(
        path=".",
        ignore_files=[],
        filters=[],
        filters_inverted=[],
        ignore_extra_keys=False,
        ignore_table_names=True,
        valid_table_names=[],
        available_destination=[],
        sort_test_results=False,
        show_failures_only=False,
        minimum_tests=0,
        skip_disabled_tests=False,
        test_names=[],
    )
    with contextlib.redirect_stdout(io.StringIO()):
        _, invalid = tool.test_analysis(None, arguments)
    if invalid:
        print(f"cannot load: {invalid}", file=sys.stderr)


if __name__ == "__main__":
    main()
