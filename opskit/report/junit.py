"""Judged cases as JUnit XML, which CI servers show test by test."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from junitparser import Error, Failure, JUnitXml, Skipped, TestCase, TestSuite

from opskit.report.printable import printable

Outcome = Literal["passed", "failed", "skipped", "error"]
RESULTS = {"failed": Failure, "skipped": Skipped, "error": Error}


@dataclass(frozen=True)
class Case:
    """One judged thing; error: it could not be judged, and that must not look like success. message: why."""

    name: str
    classname: str
    seconds: float
    outcome: Outcome
    message: str = ""


def write_junit(path: Path, suite: str, cases: Iterable[Case]) -> None:
    """One suite; characters that XML cannot carry, as a server's answer may hold, become U+FFFD."""
    held, tests = TestSuite(printable(suite)), []
    for case in cases:
        test = TestCase(printable(case.name), printable(case.classname), case.seconds)
        if case.outcome != "passed":
            test.result = [RESULTS[case.outcome](printable(case.message))]
        tests.append(test)
    # each call counts all of them again
    held.add_testcases(tests)
    report = JUnitXml()
    report.add_testsuite(held)
    report.write(str(path), pretty=True)
