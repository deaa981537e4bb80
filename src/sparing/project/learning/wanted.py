"""What a model is to be taught of each item, by what people said and the audit that is open."""

from collections.abc import Iterable

from sparing.audit.audit import Phase
from sparing.errors import SparingError
from sparing.pool.pool import SKIPPED, UNLABELED
from sparing.project.audits.draws import load_audit
from sparing.project.folder import ProjectFolder
from sparing.project.log.replay import Replay
from sparing.project.source.items import PRESENT
from sparing.project.team.people import Opinions
from sparing.store import ItemRow


def wanted_of(folder: ProjectFolder, replay: Replay, items: Iterable[ItemRow]) -> list[str | int]:
    """Return what each item is, ``UNLABELED``, or ``SKIPPED`` where it may not be asked."""
    drawn, opinions = open_draw(folder, replay), Opinions(replay)
    return [SKIPPED if i.row in drawn else _wanted(replay, opinions, i) for i in items]


def open_draw(folder: ProjectFolder, replay: Replay) -> frozenset[int]:
    """Return the rows of the audit that is open: neither asked otherwise nor trained on."""
    if replay.phase is not Phase.AUDIT:
        return frozenset()
    try:
        audit = load_audit(folder, replay.attempt)
    except SparingError:  # it is lost, and said to be: its answers are answers like others
        return frozenset()
    return frozenset(audit.drawn.tolist())


def _wanted(replay: Replay, opinions: Opinions, item: ItemRow) -> str | int:
    held = opinions.held(item.item_id)
    if held is not None:
        return held.content if held.is_sure else SKIPPED
    is_open = replay.of(item.item_id).answer is None and item.state == PRESENT
    return UNLABELED if is_open else SKIPPED
