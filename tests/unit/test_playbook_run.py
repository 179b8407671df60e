"""A real playbook run on this machine alone: what it is given of the operator's surroundings."""

import signal
from pathlib import Path
from typing import Any, NoReturn

import ansible_runner
import pytest
from ansible.parsing.vault import VaultLib, VaultSecret

from opskit.reach.playbook import Event, play

PLAYBOOK = """
- name: Show
  hosts: here
  gather_facts: false
  tasks:
    - name: Show what the vault held
      ansible.builtin.debug:
        msg: "{{ opened }} in {{ lookup('pipe', 'pwd') }}"
"""


@pytest.mark.parametrize(
    ("variable", "value"), [("ANSIBLE_VAULT_PASSWORD_FILE", "password"), ("ANSIBLE_VAULT_IDENTITY_LIST", "x@password")]
)
def test_a_vault_password_file_is_found_and_paths_mean_what_they_mean_to_the_operator(
    variable: str, value: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "password").write_text("right\n")
    (tmp_path / "inventory, one").mkdir()
    vaulted = VaultLib([("default", VaultSecret(b"right"))]).encrypt("opened: by its password\n")
    (tmp_path / "inventory, one" / "host_vars").mkdir()
    (tmp_path / "inventory, one" / "host_vars" / "here.yml").write_bytes(vaulted)
    (tmp_path / "inventory, one" / "hosts.yml").write_text("all: {hosts: {here: {ansible_connection: local}}}\n")
    (tmp_path / "show.yml").write_text(PLAYBOOK)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(variable, value)
    events: list[Event] = []
    played = play(tmp_path / "show.yml", [Path("inventory, one")], {}, ["here"], events.append)
    assert played.outcome == "done", played.output
    assert [event.result["msg"] for event in events if event.outcome == "ok"] == [f"by its password in {tmp_path}"]


@pytest.mark.parametrize("signum", [None, signal.SIGINT])
def test_a_runner_that_breaks_is_an_error_unless_it_was_told_to_end(
    signum: signal.Signals | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(**_: Any) -> NoReturn:
        if signum:
            signal.raise_signal(signum)
        raise TimeoutError("no end of its output")

    monkeypatch.setattr(ansible_runner, "run", broken)
    if signum:
        assert play(tmp_path / "p.yml", [], {}, [], lambda _: None).outcome == "cancelled"
    else:
        with pytest.raises(TimeoutError):
            play(tmp_path / "p.yml", [], {}, [], lambda _: None)
