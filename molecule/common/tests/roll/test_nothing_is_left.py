"""A roll that has ended leaves nothing of its own work behind on any host."""

import json


def test_no_undo_is_armed_any_more(host):
    assert host.check_output("systemctl list-units --all --no-legend --plain 'opskit-undo-*'") == ""
    records = host.check_output("find /var/lib/opskit/changes -name '*.json' 2>/dev/null || true").split()
    states = {path: json.loads(host.file(path).content_string)["state"] for path in records}
    assert [path for path, state in states.items() if state == "armed"] == []


def test_nothing_half_written_lies_about(host):
    looked = "/etc /opt/rocketmq /var/lib/rocketmq /var/log/rocketmq"
    half = r"\( -name '.opskit-*' -o -name '.unpacking-*' \)"
    assert host.check_output(f"find {looked} {half} 2>/dev/null || true") == ""
