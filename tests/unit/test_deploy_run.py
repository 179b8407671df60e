"""A roll that ends in a way that nobody foresaw: what is armed is undone, secrets are removed."""

from pathlib import Path
from typing import Any, NoReturn

import pytest
from clusters import small_cluster

from opskit.change.process import current
from opskit.deploy import run as deploying
from opskit.deploy.result import DeployResult, HostResult
from opskit.deploy.run import Prepared, longest
from opskit.errors import Exit, OpskitError
from opskit.reach.sweep import HostResult as Answer
from opskit.runs.folder import Run

PLANNED = DeployResult(
    cluster="small", run="r", outcome="done", changed=(HostResult(host="a"),), unchanged=(), seconds=0
)


@pytest.fixture
def broken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Roll with a playbook that raises; answers: what the undo on host a came to."""

    folder, killed = tmp_path / "small" / "r", tmp_path / "small" / "killed" / "manifest"
    folder.mkdir(parents=True)
    killed.mkdir(parents=True)
    gone = current().model_copy(update={"started": 0})
    (killed / "driver.json").write_text(gone.model_dump_json())
    beside = tmp_path / "small" / "beside" / "manifest"
    beside.mkdir(parents=True)
    (beside / "driver.json").write_text(current().model_dump_json())

    def roll(error: BaseException, answer: Answer) -> None:
        def play(*_: Any) -> NoReturn:
            assert (folder / "manifest" / "cluster.json").exists()
            raise error

        asked: list[str] = []
        monkeypatch.setattr(deploying, "play", play)
        monkeypatch.setattr(deploying, "undo_all", lambda endpoints: asked.extend(endpoints) or {"a": answer})
        monkeypatch.setattr(
            deploying.manifest, "write", lambda folder, *_: (folder / "cluster.json").write_text("secret")
        )
        try:
            prepared = Prepared(rendered={}, servers={}, clients={})
            started = Run("r", folder, "deploy", "me@here")
            deploying._roll(small_cluster(), [], started, prepared, PLANNED, lambda _: None)
        finally:
            assert len(asked) == 5
            assert list(tmp_path.rglob("manifest")) == [beside], "one that is at work keeps its own"

    return roll


@pytest.mark.parametrize("error", [RuntimeError("runner"), KeyboardInterrupt(), OSError(28, "No space left on device")])
def test_a_playbook_that_breaks_is_undone_and_leaves_no_secret_nor_does_one_that_was_killed(
    broken: Any, error: BaseException
) -> None:
    with pytest.raises(type(error)):
        broken(error, Answer("a", "ok", {"undone": []}))


def test_an_undo_that_fails_as_well_is_what_the_operator_hears_of(broken: Any) -> None:
    with pytest.raises(OpskitError, match="a may still be read-only: TimeoutError") as heard:
        broken(RuntimeError("runner"), Answer("a", "failed", error="TimeoutError: no answer"))
    assert heard.value.code == Exit.UNDO_FAILED


def test_the_lock_lasts_longer_than_the_longest_roll() -> None:
    brokers = small_cluster().brokers
    assert longest(small_cluster()) > 1800
    assert longest(small_cluster(brokers=brokers * 30)) > 60 * 80, "80 s is what one broker takes when all is well"
