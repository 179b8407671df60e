"""An audit as gauges: what they count, and that a thousand hosts make no more of them."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from compliance_results import AT, WAIVED, audit, failing, mixed, row, still
from prometheus_client.parser import text_string_to_metric_families

from opskit.compliance.result import ComplianceResult, Waived
from opskit.compliance.showing.metrics import expiry, metrics
from opskit.report.prometheus import write_prometheus


def samples(result: ComplianceResult, last_success: datetime | None = None) -> dict[str, dict[tuple[str, ...], float]]:
    """By metric, by the values of its labels but the cluster, in their order."""
    return {
        metric.name.removeprefix("opskit_compliance_"): {
            tuple(value for name, value in one.labels.items() if name != "cluster"): one.value for one in metric.samples
        }
        for metric in metrics(result, last_success)
    }


def test_findings_are_counted_once_by_severity_and_state() -> None:
    found = samples(mixed())["findings"]
    assert {labels: value for labels, value in found.items() if value} == {
        ("high", "open"): 1,
        ("medium", "open"): 1,
        ("high", "unknown"): 1,
        ("low", "unknown"): 1,
        ("high", "waived"): 1,
    }
    assert len(found) == 12, "those with 0 are written too, so that an alert ends"


def test_new_and_fixed_findings() -> None:
    found = samples(mixed())
    assert {labels for labels, value in found["new_findings"].items() if value} == {
        ("high", "open"),
        ("high", "unknown"),
    }
    assert found["fixed_findings"] == {(): 2}


def test_what_is_new_but_waived_is_not_new() -> None:
    assert not any(samples(audit(failing(waived=WAIVED)))["new_findings"].values())


def test_subjects_of_a_control_by_status() -> None:
    found = samples(audit(row("a", "x"), row("a", "y"), failing("a", "z"), still("a", "w", waived=WAIVED)))["subjects"]
    assert {labels: value for labels, value in found.items() if value} == {
        ("a", "high", "holds"): 2,
        ("a", "high", "fails"): 1,
        ("a", "high", "waived"): 1,
    }
    assert len(found) == 5


def test_the_number_of_series_does_not_depend_on_the_hosts() -> None:
    def series(hosts: int) -> int:
        found = audit(*(still("a", f"host{number}", waived=WAIVED) for number in range(hosts)), hosts=hosts)
        return sum(map(len, samples(found).values()))

    assert series(1) == series(1000)


@pytest.mark.parametrize(
    "last, ends",
    [
        (date(2026, 3, 9), datetime(2026, 3, 10, tzinfo=UTC)),
        (date(2026, 12, 31), datetime(2027, 1, 1, tzinfo=UTC)),
        (date(2028, 2, 28), datetime(2028, 2, 29, tzinfo=UTC)),
    ],
)
def test_a_waiver_ends_when_its_last_day_ends_in_utc(last: date, ends: datetime) -> None:
    assert expiry(Waived(owner="ana", reason="r", expires=last)) == ends


def test_the_first_waiver_of_an_owner_for_a_control_to_end_is_told() -> None:
    later = WAIVED.model_copy(update={"expires": date(2026, 8, 1)})
    found = audit(still("a", "x", waived=later), still("a", "y", waived=WAIVED))
    assert samples(found)["waiver_expiry_timestamp_seconds"] == {("a", "ana"): expiry(WAIVED).timestamp()}


def test_the_last_success_is_kept_from_earlier_audits_and_0_where_there_was_none() -> None:
    assert samples(mixed(), AT)["last_success_timestamp_seconds"] == {(): AT.timestamp()}
    assert samples(mixed())["last_success_timestamp_seconds"] == {(): 0}


def test_the_textfile_is_read_back_and_everybody_may_read_it(tmp_path: Path) -> None:
    path = tmp_path / "opskit.prom"
    write_prometheus(path, metrics(mixed(), AT))
    families = {one.name: one for one in text_string_to_metric_families(path.read_text())}
    assert all(one.type == "gauge" for one in families.values())
    assert all(sample.labels["cluster"] == "prod" for one in families.values() for sample in one.samples)
    assert path.stat().st_mode & 0o777 == 0o644
    assert list(tmp_path.iterdir()) == [path]
