"""A production cluster is changed only by somebody who names it."""

from opskit.errors import OpskitError
from opskit.inventory.cluster import Cluster


def confirm(cluster: Cluster, named: str | None) -> None:
    """Raises OpskitError unless the cluster is no production one or `named` is its name."""
    if cluster.environment == "production" and named != cluster.name:
        raise OpskitError(
            f"{cluster.name} is a production cluster",
            where="opskit_environment",
            remedy=f"Add --confirm {cluster.name} if that is what you mean; a dry run needs no name.",
        )
