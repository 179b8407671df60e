"""An audit on a terminal and as a page: what matters first, nothing hidden, a thousand findings still readable."""

import io
import re
from datetime import timedelta

import pytest
from compliance_results import AT, WAIVED, audit, failing, mixed, row, still
from rich.console import Console

from opskit.compliance.result import ComplianceResult
from opskit.compliance.showing.page import LINES, page, render
from opskit.compliance.showing.present import present
from opskit.compliance.showing.words import age, change, counts, expires, few, verdict
from opskit.report.shapes import Cell, Fold, Heading, Subheading, Table
from opskit.report.terminal import show


def screen(result: ComplianceResult, **options: bool) -> str:
    out = io.StringIO()
    show(present(result, **options), Console(file=out, width=200))
    return out.getvalue()


def test_the_first_line_is_the_judgement_with_its_counts() -> None:
    assert screen(mixed()).splitlines()[0] == (
        "✘ prod has findings of severity medium or higher: 1 high, 1 medium, 2 unknown, 2 new, 2 fixed, 1 waived; "
        "48 hosts in 4.2 s, 1 could not be audited"
    )


@pytest.mark.parametrize(
    "result, says",
    [
        (audit(), "prod holds: no finding of severity medium or higher: no finding; 48 hosts in 4.2 s"),
        (
            audit(still(severity="low"), hosts=1),
            "prod holds: no finding of severity medium or higher: 1 low; 1 host in",
        ),
        (
            audit(row(status="unknown", observed="why"), judgement="unjudged"),
            "prod could not be judged in full: no finding, 1 unknown;",
        ),
    ],
)
def test_judgements_in_words(result: ComplianceResult, says: str) -> None:
    assert f"{verdict(result)}: {counts(result)}".startswith(says)


def test_parts_come_in_the_order_of_what_must_be_done() -> None:
    result = audit(
        failing("a", severity="low"),
        failing("b", severity="critical"),
        still("c", severity="critical"),
        *mixed().rows,
        errors=mixed().errors,
        fixed=mixed().fixed,
    )
    headings = [shape.text for shape in present(result, verbose=True) if isinstance(shape, Heading)]
    assert headings == [
        "Critical: 2 findings",
        "High: 1 finding",
        "Medium: 1 finding",
        "Low: 1 finding",
        "Unknown: 2 could not be judged",
        "1 host could not be audited",
        "Fixed since the run before: 2",
        "Waived: 1 finding",
        "Controls that do not apply",
    ]


def test_a_finding_has_its_subject_its_age_what_was_observed_and_its_remedy() -> None:
    shown = screen(audit(still(severity="medium")))
    assert re.search(r"mq2 +for 12 days +the nameserver and broker a run on it", shown)
    assert "Remedy: Move it." in shown
    assert "No host runs both." not in shown
    assert "Expected: No host runs both." in screen(audit(still(severity="medium")), verbose=True)


def test_new_subjects_come_first_and_a_remedy_of_their_own_gets_a_column() -> None:
    result = audit(still("a", "m1", remedy="Mend m1."), failing("a", "m2", remedy="Mend m2."))
    (table,) = [shape for shape in present(result) if isinstance(shape, Table)]
    assert table.columns == ("subject", "since", "observed", "remedy")
    assert [line[0] for line in table.rows] == ["m2", "m1"]
    assert [line[3] for line in table.rows] == ["Mend m2.", "Mend m1."]


def test_new_only_leaves_out_what_is_known_and_says_so() -> None:
    shown = screen(mixed(), new_only=True)
    assert "namesrv-apart" in shown
    assert "clock-sync" in shown
    assert "swap-off" not in shown
    assert "unit-hardened" not in shown
    assert "Fixed since the run before: 2" in shown
    assert "Not shown: 2 open since earlier runs, 1 waived" in shown
    assert "1 medium" in shown.splitlines()[0], "the counts are of all"


def test_one_host_that_does_not_answer_is_one_line_of_unknowns() -> None:
    rows = [row(f"control-{number}", "mq3", status="unknown", observed="mq3: timeout") for number in range(40)]
    (table,) = [shape for shape in present(audit(*rows)) if isinstance(shape, Table)]
    assert [line[:3] for line in table.rows] == [
        ("mq3: timeout", "mq3", "control-0, control-1, control-2, control-3 and 36 more")
    ]


def test_a_long_table_is_cut_on_a_terminal_and_told() -> None:
    result = audit(*(still("a", f"host{number:03}") for number in range(300)))
    assert len(screen(result).splitlines()) < 30
    assert "and 288 more; with --verbose all of them" in screen(result)
    assert "host299" in screen(result, verbose=True)


def test_a_page_of_a_thousand_findings_folds_and_leaves_nothing_out() -> None:
    result = audit(*(still(f"control-{number % 5}", f"host{number:04}") for number in range(1000)))
    parts = list(page(result))
    assert sum(isinstance(part, Subheading) for part in parts) == 5
    assert all(len(part.rows) <= LINES for part in parts if isinstance(part, Table))
    assert sum(isinstance(part, Fold) for part in parts) == 5
    html = render(result)
    assert all(f"host{number:04}" in html for number in range(1000))
    assert len(html) < 300_000


def test_a_page_shows_waivers_and_what_does_not_apply_with_their_reasons() -> None:
    html = render(mixed())
    assert "replaced in April" in html
    assert "2026-03-09, 7 days left" in html
    assert "ACL is not declared." in html
    assert "compared with run 20260301T060400Z-compliance-0fe123" in html


def test_what_a_server_answered_cannot_become_markup() -> None:
    html = render(audit(failing(observed="<script>x</script> `<b>`", remedy="Run `opskit deploy`.")))
    assert "<script>x" not in html
    assert "<code>&lt;b&gt;</code>" in html
    assert "Run <code>opskit deploy</code>." in html


@pytest.mark.parametrize(
    "length, says",
    [
        (timedelta(minutes=5), "less than 1 h"),
        (timedelta(hours=47, minutes=59), "47 h"),
        (timedelta(hours=48), "2 days"),
        (timedelta(days=400), "400 days"),
    ],
)
def test_ages(length: timedelta, says: str) -> None:
    assert age(length) == says


@pytest.mark.parametrize(
    "names, says",
    [
        ([], ""),
        (["a", "b", "a"], "a, b"),
        (["a", "b", "c"], "a, b, c"),
        (["a", "b", "c", "d"], "a, b and 2 more"),
    ],
)
def test_few_names(names: list[str], says: str) -> None:
    assert few(names, 2) == says


def test_changes_in_words() -> None:
    assert change(failing(), AT) == Cell("NEW", "warn")
    lost = row(status="unknown", change="became-unknown", first_seen=AT)
    assert change(lost, AT).text == "NEW, could be judged before"
    assert change(still(waived=None), AT).text == "for 12 days"
    assert change(row(), AT).text == ""


def test_a_waiver_warns_in_its_last_fourteen_days() -> None:
    assert expires(WAIVED, AT).mark == "warn"
    assert expires(WAIVED, AT - timedelta(days=20)) == Cell("2026-03-09")
