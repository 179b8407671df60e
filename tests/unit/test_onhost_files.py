"""Files and folders laid down atomically."""

import grp
import os
import pwd
from pathlib import Path

import pytest

from opskit.onhost import files

ME, MY_GROUP = pwd.getpwuid(os.getuid()).pw_name, grp.getgrgid(os.getgid()).gr_name


def entry(path: Path, content: str | None = None, mode: str = "0644") -> dict[str, object]:
    found: dict[str, object] = {"path": str(path), "owner": ME, "group": MY_GROUP, "mode": mode}
    return found if content is None else {**found, "content": content}


def test_a_second_run_changes_nothing(tmp_path: Path) -> None:
    entries = [entry(tmp_path / "conf", mode="0755"), entry(tmp_path / "conf" / "broker.conf", "a=1\n", "0640")]
    assert [found["what"] for found in files.place(entries, check=False)] == ["folder", "content"]
    assert (tmp_path / "conf" / "broker.conf").read_text() == "a=1\n"
    assert files.place(entries, check=False) == []


def test_check_names_the_same_changes_and_touches_nothing(tmp_path: Path) -> None:
    entries = [entry(tmp_path / "conf", mode="0755"), entry(tmp_path / "conf" / "broker.conf", "a=1\n")]
    checked = files.place(entries, check=True)
    assert list(tmp_path.iterdir()) == []
    assert checked == files.place(entries, check=False)


def test_check_accepts_owners_that_do_not_exist_yet(tmp_path: Path) -> None:
    wanted = {**entry(tmp_path / "broker.conf", "a=1\n"), "owner": "nobody-yet", "group": "nobody-yet"}
    assert [found["what"] for found in files.place([wanted], check=True)] == ["content"]


def test_a_changed_file_tells_what_stood_there_before(tmp_path: Path) -> None:
    path = tmp_path / "broker.conf"
    path.write_text("a=1\n")
    (found,) = files.place([entry(path, "a=2\n")], check=False)
    assert (found["before"], found["after"]) == ("a=1\n", "a=2\n")


def test_what_travels_back_holds_no_secret(tmp_path: Path) -> None:
    path = tmp_path / "broker.conf"
    path.write_text("secretKey=old-hush\n")
    (found,) = files.place([entry(path, "secretKey=new-hush\n")], check=False)
    assert (found["before"], found["after"]) == ("secretKey=********\n", "secretKey=******** (changed)\n")
    assert path.read_text() == "secretKey=new-hush\n"


def test_a_wrong_mode_is_put_right_without_a_new_modification_time(tmp_path: Path) -> None:
    path = tmp_path / "broker.conf"
    path.write_text("a=1\n")
    path.chmod(0o666)
    before = path.stat().st_mtime_ns
    assert [found["what"] for found in files.place([entry(path, "a=1\n", "0640")], check=False)] == ["attributes"]
    assert (path.stat().st_mode & 0o777, path.stat().st_mtime_ns) == (0o640, before)


def test_a_failed_write_leaves_the_old_file_and_no_litter(tmp_path: Path) -> None:
    path = tmp_path / "broker.conf"
    path.write_text("a=1\n")
    with pytest.raises(KeyError):
        files.place([{**entry(path, "a=2\n"), "owner": "nobody-yet"}], check=False)
    assert [found.name for found in tmp_path.iterdir()] == ["broker.conf"]
    assert path.read_text() == "a=1\n"


def test_a_folder_that_was_led_to_another_disk_stays_and_so_does_what_it_leads_to(tmp_path: Path) -> None:
    disk, store = tmp_path / "disk", tmp_path / "store"
    disk.mkdir(mode=0o700)
    store.symlink_to(disk)
    assert files.place([entry(store, mode="0755")], check=False) == []
    assert disk.stat().st_mode & 0o777 == 0o700


def test_a_link_that_appears_between_look_and_touch_is_not_followed(tmp_path: Path) -> None:
    victim, path = tmp_path / "shadow", tmp_path / "broker.conf"
    victim.write_text("secret")
    victim.chmod(0o600)
    path.symlink_to(victim)
    with pytest.raises(OSError, match="symbolic links"):
        files._write(entry(path, "a=1\n", "0644"), "attributes")
    assert victim.stat().st_mode & 0o777 == 0o600
