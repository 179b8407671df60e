"""Every control, by id, in the order in which a reader wants them."""

from importlib import import_module

from opskit.compliance.control import CONTROLS as CONTROLS

for _family in (
    "placement",
    "hardware",
    "nameservers",
    "brokers",
    "addresses",
    "clients",
    "clients_traps",
    "clients_seen",
    "settings",
    "settings_force",
    "settings_window",
    "settings_process",
    "host",
    "kernel",
    "units",
    "file_modes",
    "protection",
    "topics",
    "drills",
    "waivers",
):
    import_module(f"opskit.compliance.controls.{_family}")
