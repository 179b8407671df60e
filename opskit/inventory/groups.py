"""The groups of an inventory: opskit finds its servers by them, so a misspelt one would silently lose hosts."""

from collections.abc import Iterator
from difflib import get_close_matches

from opskit.finding import Finding
from opskit.inventory.declaration import ROLE_GROUPS, Declaration

NEAR = 0.75
"""How alike (difflib's ratio) an unknown group's name is to a known one to be taken for a slip of the pen."""


def judge_groups(declaration: Declaration) -> Iterator[Finding]:
    """Misspelt, empty and not yet deployed groups."""
    misspelt = dict(_misspelt(declaration))
    for wrong, right in misspelt.items():
        hosts = ", ".join(declaration.groups[wrong])
        yield Finding(
            rule="misspelt-group",
            severity="error",
            subject=wrong,
            sentence=f"the group {wrong!r} looks like {right!r} misspelt; its hosts {hosts} are in no known group",
            remedy=f"Rename the group to {right}.",
            origin=declaration.where(wrong),
        )
    for group in ROLE_GROUPS:
        required = group in ("nameservers", "brokers")
        if declaration.groups.get(group) or group in misspelt.values():
            continue
        if required or (group in declaration.groups and group != "proxies"):
            yield Finding(
                rule="empty-group",
                severity="error" if required else "warning",
                subject=group,
                sentence=f"the group {group!r} {'holds no host' if group in declaration.groups else 'is missing'}",
                remedy=f"Put the hosts that run {group} into it." if required else "Fill the group, or remove it.",
                origin=declaration.where(group),
            )
    if proxies := declaration.groups.get("proxies"):
        yield Finding(
            rule="proxies-not-deployed",
            severity="warning",
            subject="proxies",
            sentence=f"opskit does not deploy proxies yet: {', '.join(proxies)} will not be touched",
            remedy="Deploy the proxies by other means; opskit keeps the group for later.",
            origin=declaration.where("proxies"),
        )


def _misspelt(declaration: Declaration) -> Iterator[tuple[str, str]]:
    known = {host for group in ROLE_GROUPS for host in declaration.groups.get(group, ())}
    for group, hosts in declaration.groups.items():
        if group in (*ROLE_GROUPS, "all", "ungrouped") or not hosts or known.intersection(hosts):
            continue
        plain = group.lower().removeprefix("rocketmq_").removeprefix("mq_")
        if near := get_close_matches(plain, ROLE_GROUPS, n=1, cutoff=NEAR):
            yield group, near[0]
