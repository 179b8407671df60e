"""What a broker's store tells of the release that wrote it."""

import os
from pathlib import Path

import pytest

from opskit.onhost import stores

BY_4 = '{\n\t"offsetTable":{}\n}'
BY_5 = '{\n\t"dataVersion":{\n\t\t"counter":1\n\t},\n\t"offsetTable":{}\n}'


def store(folder: Path, offsets: str = BY_5, *names: str) -> str:
    (folder / "config").mkdir(parents=True)
    (folder / "config" / "consumerOffset.json").write_text(offsets)
    for name in names:
        (folder / name).mkdir(parents=True)
    return str(folder)


@pytest.mark.parametrize(("offsets", "major"), [(BY_4, 4), (BY_5, 5), ("", 4)])
def test_the_file_of_offsets_says_who_wrote_it(tmp_path: Path, offsets: str, major: int) -> None:
    assert stores.writer(store(tmp_path, offsets)) == major


def test_where_there_is_no_store_nobody_wrote_it(tmp_path: Path) -> None:
    assert stores.writer(str(tmp_path / "none")) is None
    assert stores.only_5x(str(tmp_path / "none")) == []


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("consumequeue/rmq_sys_wheel_timer/0", "messages to be delivered at a time of their own"),
        ("consumequeue/rmq_sys_REVIVE_LOG_orders/0", "messages taken by pop consumers"),
        ("batchconsumequeue/t/0", "batch queues"),
        ("compaction/compactionLog/t/0", "compacted topics"),
        ("epochFileCheckpoint", "the epochs of a controller"),
    ],
)
def test_what_4_x_cannot_serve_is_named(tmp_path: Path, name: str, what: str) -> None:
    assert stores.only_5x(store(tmp_path, BY_5, name)) == [what]


def test_what_every_5_x_broker_has_is_no_reason(tmp_path: Path) -> None:
    used = ("consumequeue/t/0", "consumequeue/SCHEDULE_TOPIC_XXXX/3", "timerlog", "compaction/compactionLog")
    assert stores.only_5x(store(tmp_path, BY_5, *used)) == []


def test_a_process_tells_its_release_by_the_jar_that_it_holds_open(tmp_path: Path) -> None:
    jar = tmp_path / "rocketmq-broker-5.4.0.jar"
    jar.touch()
    assert stores.running(os.getpid()) is None
    with jar.open():
        assert stores.running(os.getpid()) == "5.4.0"
    assert stores.running(0) is None
