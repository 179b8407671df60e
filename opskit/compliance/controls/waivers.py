"""Whether waivers are still what their owners meant. No waiver covers what these controls find."""

from collections.abc import Callable, Iterator
from difflib import get_close_matches
from fnmatch import fnmatchcase

from opskit.compliance.control import CONTROLS, Outcome, control, fails, holds, not_applicable, unknown
from opskit.compliance.evidence import Evidence
from opskit.inventory.cluster import Cluster
from opskit.inventory.waivers import SOON_DAYS, Waiver

NO_WAIVER = "the inventory declares no waiver"
EXPIRED = "it has expired, as waiver-expired tells"
WHERE = ("inventory: opskit_waivers",)


@control(
    "waiver-expired",
    "waivers",
    "medium",
    "No waiver has expired.",
    rationale="A waiver is a promise to have mended something by a day. When that day is over, what it covered is a "
    "finding again, and somebody has to mend it now or to promise anew.",
    looks_at="The last day of each entry of opskit_waivers, which ends at 24:00 UTC.",
    expects="Every waiver is still in force.",
    remedy="Mend what the waiver was about and delete its entry; where its owner answers for more time, set a later "
    "day in `expires`.",
)
def _expired(cluster: Cluster, evidence: Evidence) -> Iterator[Outcome]:
    def judge(waiver: Waiver) -> Outcome:
        if not waiver.is_expired(evidence.at):
            return holds(_subject(waiver))
        ago = _days(-waiver.days_left(evidence.at))
        observed = f"its last day was {waiver.expires}, {ago} ago, and {waiver.owner} answers for it: {waiver.reason}"
        return fails(_subject(waiver), observed, evidence=WHERE)

    return _each(cluster, judge)


@control(
    "waiver-expires-soon",
    "waivers",
    "low",
    "No waiver is about to expire.",
    rationale="What a waiver covers becomes a finding in the night in which it ends. Its owner should know before the "
    "one who is woken.",
    looks_at="The last day of each entry of opskit_waivers, which ends at 24:00 UTC.",
    expects=f"Every waiver that is in force stays so for more than {SOON_DAYS} days.",
    remedy="Ask its owner: mend what the waiver is about and delete its entry, or set a later day in `expires`.",
)
def _expires_soon(cluster: Cluster, evidence: Evidence) -> Iterator[Outcome]:
    def judge(waiver: Waiver) -> Outcome:
        left = waiver.days_left(evidence.at)
        if left < 0:
            return not_applicable(_subject(waiver), EXPIRED)
        if left > SOON_DAYS:
            return holds(_subject(waiver))
        day = "today" if left == 0 else f"in {_days(left)}"
        observed = f"its last day is {day}, {waiver.expires}, and {waiver.owner} answers for it: {waiver.reason}"
        return fails(_subject(waiver), observed, evidence=WHERE)

    return _each(cluster, judge)


@control(
    "waiver-unknown-control",
    "waivers",
    "medium",
    "Every waiver names a control that there is.",
    rationale="A waiver with a misspelt id covers nothing, while its owner believes that the finding is dealt with.",
    looks_at="The id of each entry of opskit_waivers.",
    expects="The id is that of a control; a glob is for `scope` only.",
    remedy="Correct the id; `opskit compliance list` has all of them. Delete the entry where the control is gone.",
)
def _unknown_control(cluster: Cluster, evidence: Evidence) -> Iterator[Outcome]:  # noqa: ARG001
    def judge(waiver: Waiver) -> Outcome:
        if waiver.id in CONTROLS:
            return holds(_subject(waiver))
        near = get_close_matches(waiver.id, CONTROLS, 1)
        question = f"; is {near[0]} meant?" if near else ""
        return fails(_subject(waiver), f"no control is called {waiver.id}{question}", evidence=WHERE)

    return _each(cluster, judge)


@control(
    "waiver-without-effect",
    "waivers",
    "low",
    "Every waiver covers something.",
    rationale="A waiver that covers nothing is forgotten: the finding is mended, or the scope was never right. The day "
    "on which the same thing breaks again, it would hide that from everybody.",
    looks_at="What the controls that are waived find in this audit, whether they were asked for or not.",
    expects="Each waiver in force matches at least one subject that fails or is unknown.",
    remedy="Delete the entry where its finding is mended; else correct its scope: `opskit compliance run` names the "
    "subjects of every finding.",
)
def _without_effect(cluster: Cluster, evidence: Evidence) -> Iterator[Outcome]:
    """Judges the waived controls anew, which costs little since they are pure: so an audit of a few controls does not
    take the waivers of the others for useless.
    """
    waived = {waiver.id for waiver in cluster.waivers} & CONTROLS.keys()
    open_subjects = {
        id: {one.subject for one in CONTROLS[id].judge(cluster, evidence) if one.status in ("fails", "unknown")}
        for id in waived
    }

    def judge(waiver: Waiver) -> Outcome:
        if waiver.is_expired(evidence.at):
            return not_applicable(_subject(waiver), EXPIRED)
        if waiver.id not in CONTROLS:
            return not_applicable(_subject(waiver), "no control has its id, as waiver-unknown-control tells")
        if any(waiver.is_about(waiver.id, subject) for subject in open_subjects[waiver.id]):
            return holds(_subject(waiver))
        host, space, _ = waiver.scope.partition(" ")
        silent = [one for one in sorted(evidence.unseen) if fnmatchcase(one, host) and one in open_subjects[waiver.id]]
        if space and silent:
            return unknown(_subject(waiver), f"it may cover something on {silent[0]}, which did not tell")
        where = "anywhere" if waiver.scope == "*" else f"for a subject that matches {waiver.scope}"
        return fails(_subject(waiver), f"{waiver.id} does not fail, nor is it unknown, {where}", evidence=WHERE)

    return _each(cluster, judge)


def _each(cluster: Cluster, judge: Callable[[Waiver], Outcome]) -> Iterator[Outcome]:
    """Once for each id and scope: of entries that say the same, the one that lasts longest counts."""
    longest: dict[str, Waiver] = {}
    for waiver in sorted(cluster.waivers, key=lambda one: one.expires):
        longest[_subject(waiver)] = waiver
    if not longest:
        yield not_applicable("cluster", NO_WAIVER)
    yield from (judge(longest[subject]) for subject in sorted(longest))


def _subject(waiver: Waiver) -> str:
    return f"{waiver.id} {waiver.scope}"


def _days(number: int) -> str:
    return f"{number} day{'' if number == 1 else 's'}"
