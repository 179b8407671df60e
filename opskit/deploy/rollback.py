"""Whether a broker may go back from 5.x to 4.x, by what it runs and what its store holds. Pure.

Measured (docs/deploy.md): 4.9.7 starts on a store of 5.4.0 and serves ordinary and delayed messages, retries and
offsets from it. What only 5.x serves stays in the store and is never delivered, without a word in any log.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from opskit.finding import Finding
from opskit.inventory.cluster import Broker
from opskit.rocketmq.releases import Release

FIRST_OF_5 = Release(5, 0, 0)


def rollback(broker: Broker, store: Mapping[str, Any], allowed: bool) -> Iterator[Finding]:
    """Why the broker may not be brought to its declared release, if so.

    store: `opskit.onhost.stores.state` of its host. allowed: whether the inventory sets opskit_allow_rollback.
    """
    runs = store["runs"]
    came_from_5 = Release.parse(runs) >= FIRST_OF_5 if runs else store["written_by"] == 5
    if not came_from_5 or Release.parse(broker.release) >= FIRST_OF_5:
        return
    before = runs or "5.x"
    sentence = f"its broker would go back from {before} to {broker.release}"
    remedy = f"Keep {before}: put rocketmq_release back"
    if store["only_5x"]:
        sentence += f", and its store holds what 4.x never delivers: {', '.join(store['only_5x'])}"
        remedy += f"; or drain it into new brokers of {broker.release} beside it."
    elif not allowed:
        sentence += ", which loses messages as soon as anything new in 5.x is in use"
        remedy += "; or read docs/deploy.md#upgrades-and-rollbacks and set opskit_allow_rollback: true."
    else:
        return
    yield Finding(rule="rollback-to-4", severity="error", subject=broker.host.name, sentence=sentence, remedy=remedy)
