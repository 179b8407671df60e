"""The theory beside the measurement: what was measured on real RocketMQ stays within what is predicted."""

from pathlib import Path
from typing import Any

import pytest
from predict_cases import cluster_of, load, predicted, victims_of

from opskit.predict.predict import worst
from opskit.predict.situation import Pace, Situation, seconds
from opskit.rocketmq.timers import Client

ROWS = load("lab.yml")
PACE = Pace(interval=0.2, route_interval=1.0, fresh_interval=10.0, by_admin=True)
PATHS = {"produce": "produce", "consume": "consume", "route": "route", "fresh": "bootstrap@producer"}
TIMING = Path(__file__).parent.parent.parent / "docs" / "timing.md"


def of_layout(row: dict[str, Any], path: str) -> float | None:
    """The worst case of the layout that the row was measured with."""
    shared = row.get("client", {}).get("layout", "shared") == "shared"
    other = "separate instances" if shared else "shared instance"
    return worst([one for one in predicted(row, PACE) if other not in one.client], path)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"row {row['row']}")
@pytest.mark.parametrize("measure", PATHS)
def test_no_measurement_is_longer_than_its_worst_case(row: dict[str, Any], measure: str) -> None:
    measured, theory = row["measured"].get(measure, 0), of_layout(row, PATHS[measure])
    if str(measured).startswith(">"):
        assert theory is None or theory > float(measured[1:])
    else:
        assert theory is None or measured <= theory


@pytest.mark.parametrize("row", [row for row in ROWS if "free" in row["measured"]], ids=lambda row: f"row {row['row']}")
def test_a_nameserver_drops_the_broker_when_its_timers_say(row: dict[str, Any]) -> None:
    """Seen by a client that asks once a second, and that must leave the hung nameserver first."""
    cluster, client = cluster_of(row), row.get("client", {})
    timers = Client(client.get("release", "4.8.0"), client.get("settings", {}))
    now = Situation(cluster, timers, row.get("fault", "freeze"), victims_of(row, cluster), PACE)
    assert row["measured"]["free"] <= max(seconds(now.removed), row["measured"]["route"]) + PACE.route_interval


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"row {row['row']}")
def test_the_terms_add_up(row: dict[str, Any]) -> None:
    for one in predicted(row, PACE):
        assert one.seconds is None or one.seconds == pytest.approx(sum(term.seconds for term in one.terms))
        assert one.seconds is not None or one.terms == ()
        assert one.sentence.endswith(".")


def shown(row: dict[str, Any]) -> str:
    """One line of the table in docs/timing.md: measured, then the worst case."""
    client = row.get("client", {})
    releases = f"{client.get('release', '4.8.0')} on {row.get('servers', '4.8.0')}"
    cells = [
        f"{row['measured'][measure]} ≤ {'∞' if (theory := of_layout(row, path)) is None else f'{theory:g}'}"
        if measure in row["measured"]
        else "-"
        for measure, path in PATHS.items()
    ]
    what = f"{row.get('fault', 'freeze')} {' + '.join(row['hung'])}"
    return f"| {row['row']} | {what} | {releases}: {row['what']} | {' | '.join(cells)} |"


def test_the_table_in_the_docs_is_current() -> None:
    """`python tests/unit/test_predict_lab.py` prints it."""
    text = TIMING.read_text("utf-8")
    for row in ROWS:
        assert shown(row) in text


if __name__ == "__main__":
    print("\n".join(shown(row) for row in ROWS))  # noqa: T201
