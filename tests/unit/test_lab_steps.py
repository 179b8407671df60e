"""What `lab up` does: hosts wanted and containers found in, steps out."""

from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

import pytest

from opskit.errors import OpskitError
from opskit.lab.containers import owned
from opskit.lab.folder import Folder
from opskit.lab.steps import Container, steps

SUBNET = IPv4Network("10.89.3.0/24")
KEY = "SHA256:ours"


def container(host: str, last: int, state: str = "running", *, key: str = KEY, subnet: str = "10.89.3") -> Container:
    return Container(host, f"opskit-t-{host}", state, IPv4Address(f"{subnet}.{last}"), key, "/labs/t")


@pytest.mark.parametrize(
    ("wanted", "found", "expected"),
    [
        pytest.param(("a", "b"), (), ["create a 10", "create b 11"], id="nothing is there"),
        pytest.param(
            ("a", "b"), (container("a", 10), container("b", 11)), ["keep a 10", "keep b 11"], id="up twice is up once"
        ),
        pytest.param(
            ("a", "b", "c"),
            (container("a", 10), container("c", 11)),
            ["keep a 10", "create b 12", "keep c 11"],
            id="a new host takes the first free address",
        ),
        pytest.param(
            ("b",),
            (container("a", 10), container("b", 11)),
            ["remove a 10", "keep b 11"],
            id="a host left the inventory",
        ),
        pytest.param(
            ("b", "c"),
            (container("a", 10), container("b", 11)),
            ["remove a 10", "keep b 11", "create c 10"],
            id="and its address is free again",
        ),
        *(
            pytest.param(("a",), (container("a", 10, state),), [f"{deed} a 10"], id=f"{state}: {deed}")
            for state, deed in [
                ("exited", "start"),
                ("created", "start"),
                ("configured", "start"),
                ("paused", "unpause"),
                ("stopping", "replace"),
                ("unknown", "replace"),
            ]
        ),
        pytest.param(("a",), (container("a", 12, key="SHA256:lost"),), ["replace a 10"], id="it lets a lost key in"),
        pytest.param(("a",), (container("a", 12, subnet="10.89.9"),), ["replace a 10"], id="its network is gone"),
    ],
)
def test_steps(wanted: tuple[str, ...], found: tuple[Container, ...], expected: list[str]) -> None:
    done = steps(wanted, found, SUBNET, KEY)
    assert [f"{step.deed} {step.host} {str(step.address).rpartition('.')[2]}" for step in done] == expected


def test_a_network_too_small_is_said() -> None:
    with pytest.raises(OpskitError, match=r"10\.89\.3\.0/28 has no address left"):
        steps([f"h{number}" for number in range(6)], (), IPv4Network("10.89.3.0/28"), KEY)


def test_a_lab_of_another_state_folder_is_not_touched() -> None:
    with pytest.raises(OpskitError, match="a lab named t exists already, made from /labs/t") as error:
        owned((container("a", 10),), "t", Folder(Path("/elsewhere/labs/t")))
    assert "--name" in error.value.remedy
