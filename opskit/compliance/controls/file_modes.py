"""Family host: who may read and write what opskit laid down."""

from collections.abc import Iterator

from opskit.compliance.control import Outcome, control, fails, holds, unknown
from opskit.compliance.controls.subjects import of_hosts
from opskit.compliance.evidence import Evidence
from opskit.inventory.cluster import Cluster
from opskit.observe.facts import FileFacts, HostFacts
from opskit.render.files import RenderedFile, RenderedHost, render

NO_BUNDLE = "unknown"
"""In place of a bundle's folder: only the content of units depends on it, not who owns them."""
EVERYBODY_READS, OTHERS_WRITE = 0o004, 0o022


@control(
    "file-modes",
    "host",
    "high",
    "What opskit laid down belongs to whom it should, and nobody else may write it.",
    rationale="The file broker.conf may hold keys and passwords, so only root and the servers' user read it. The "
    "folder that it lies in belongs to root on purpose: where the server may write there, every setting updated at run "
    "time is written into the file, a drain included, and the broker comes back drained after its next restart. A unit "
    "that somebody else may write is a way to root.",
    looks_at="Owner, group and mode of every file that opskit renders, and owner and mode of its folders, on every "
    "server host that told of them. A file that is missing is a finding of the controls on settings.",
    expects="Of files, exactly what `opskit deploy` sets; of folders, the owner, and no right to write for others.",
    remedy="Run `opskit deploy`: it lays owner, group and mode down again.",
    references=("docs/deploy.md",),
)
def file_modes(cluster: Cluster, evidence: Evidence) -> Iterator[Outcome]:
    rendered = render(cluster, {server.release: NO_BUNDLE for server in cluster.servers})

    def judge(host: str, facts: HostFacts) -> Outcome:
        wrong, unseen, where = [], [], []
        for path, objections in _objections(rendered[host], facts.files):
            if objections is None:
                unseen.append(
                    f"{path}: {facts.files[path].error}" if path in facts.files else f"it told nothing of {path}"
                )
            elif objections:
                where.append(path)
                wrong.append(f"{path}: {', '.join(objections)}")
        if wrong:
            return fails(host, "; ".join(wrong), host, evidence=tuple(where))
        return unknown(host, "; ".join(unseen), host) if unseen else holds(host, host)

    yield from of_hosts(sorted(rendered), evidence, judge, "no server is declared")


def _objections(host: RenderedHost, files: dict[str, FileFacts]) -> Iterator[tuple[str, list[str] | None]]:
    """What is wrong with each file and folder; None where it could not be seen. One that is missing is left out."""
    for file in host.files:
        found = files.get(file.path)
        # a file that may not be read has an owner and a mode all the same, and a link is wrong wherever it leads
        if found is None or (found.error and found.mode is None and found.kind != "link"):
            yield file.path, None
        elif found.exists:
            yield file.path, list(_of_file(file, found))
    for path, owner, _ in host.folders:
        found = files.get(path)
        if found and found.error and found.mode is None:
            yield path, None
        elif found and found.exists:
            yield path, list(_of_folder(owner, found))


def _of_file(wanted: RenderedFile, found: FileFacts) -> Iterator[str]:
    if found.kind != "file":
        yield f"it is a {found.kind}, not a file"
        return
    for name, declared, now in (
        ("owner", wanted.owner, found.owner),
        ("group", wanted.group, found.group),
        ("mode", wanted.mode, found.mode),
    ):
        if declared != now:
            yield f"its {name} is {now}, not {declared}"
    if _mode(found.mode) & EVERYBODY_READS and not _mode(wanted.mode) & EVERYBODY_READS:
        yield "everybody may read it, and it may hold secrets"


def _of_folder(owner: str, found: FileFacts) -> Iterator[str]:
    if found.owner != owner:
        yield f"its owner is {found.owner}, not {owner}"
    # of a link the mode says nothing
    if found.kind == "folder" and _mode(found.mode) & OTHERS_WRITE:
        yield f"its mode {found.mode} lets others write"


def _mode(octal: str | None) -> int:
    return int(octal or "0", 8)
