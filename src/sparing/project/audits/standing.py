"""What has become of a certificate since: what people, files and classes have done to its labels.

A certificate is about items, contents and classes as they were frozen. What happens afterwards
either leaves it true, with some labels to be given once more or left out, or makes it void.
"""

from collections.abc import Mapping, Sequence

from sparing.audit.findings import judge
from sparing.pool.pool import SKIPPED
from sparing.project.audits.outcome import answers_of
from sparing.project.audits.stage import Stage
from sparing.project.log.boxed import judged_as
from sparing.project.log.replay import Replay
from sparing.project.source.items import PRESENT
from sparing.store import Event, ItemRow, Kind

PARTED = (
    "Classes that were one when the model was frozen are two again, so the certificate does not"
    " hold any more."
)
RECANTED = (
    "'{name}' was in the check, and has another answer since, by which the model is wrong there:"
    " the certificate does not hold any more."
)

TAKEN_OVER = (
    "'{name}' is what another class was called when the model was frozen: labels were certified by"
    " their classes, whatever these are called by now."
)


class Standing:
    """Keeps track of one certificate.

    Parameters
    ----------
    stage : what the audit that decides the phase says; without a certificate nothing is kept
    replay, rows : of the project

    Attributes
    ----------
    lacking : rows whose label is to be given (again): it was taken back, or the item has changed
    left_out : rows that have no label and will have none: skipped, or gone
    """

    def __init__(self, stage: Stage, replay: Replay, rows: Sequence[ItemRow]) -> None:
        self._stage, self._replay, self._rows = stage, replay, rows
        self.lacking: set[int] = set()
        self.left_out: set[int] = set()
        self._recanted: set[int] = set()
        self._is_parted = False
        self._taken_over: list[str] = []  # names that other classes had
        self._right: Mapping[int, str] = {}
        if stage.certified is not None:
            self._right = self._right_then()
            self.note_classes()
            self.note_all(rows)

    @property
    def void(self) -> str:
        """Why the certificate does not hold any more; ``""`` while it does."""
        if self._is_parted:
            return PARTED
        if self._recanted:
            return RECANTED.format(name=self._rows[min(self._recanted)].name)
        return ""

    def said(self) -> list[str]:
        """Return what is to be known of the labels as they are now."""
        done = self._stage.certified
        if done is None or self.void:
            return []
        told = [TAKEN_OVER.format(name=name) for name in self._taken_over]
        if self.lacking:
            told.append(_lacking(len(self.lacking)))
        if self.left_out:
            told.append(self._restated(len(self.left_out)))
        return told

    def _restated(self, n_out: int) -> str:
        assert self._stage.certified is not None  # noqa: S101  # else nothing is left out
        one = self._stage.certified.certificate
        n = one.n_total - n_out
        why = f"{n_out:,} of the {one.n_total:,} items were skipped, or are gone, since"
        if one.claim.kind != "whole" or not n:
            return f"{why}: the certificate says nothing of them."
        allowed = int(one.claim.epsilon * one.n_total)
        return (
            f"{why}: of the {n:,} labels that are left at most {allowed:,} are wrong, which is"
            f" {100 * allowed / n:.2g} %."
        )

    def note_all(self, rows: Sequence[ItemRow]) -> None:
        """Look at all items anew: files may have changed."""
        self._rows = rows
        if self._stage.drawn is not None and self._stage.certified is not None:
            for row in (self._stage.drawn.frozen.predictions.y != SKIPPED).nonzero()[0].tolist():
                self.note(row)

    def note(self, row: int) -> None:
        """Look at an item anew: something was said of it."""
        drawn, done = self._stage.drawn, self._stage.certified
        if drawn is None or done is None or row >= len(drawn.frozen.predictions):
            return
        if drawn.frozen.predictions.y[row] == SKIPPED:  # it was never covered
            return
        item = self._rows[row]
        answer = self._replay.of(item.item_id).answer
        is_gone = item.state != PRESENT
        is_skipped = answer is not None and answer.kind is Kind.SKIP
        before = drawn.frozen.contents[row]
        is_other = bool(before) and item.content_hash != before and not self._is_since(answer)
        has_label = answer is not None or row in done.by_model
        is_lost = is_other or not (has_label or row in self._stage.remainder_rows)
        self._put(self.left_out, row, is_gone or is_skipped)
        self._put(self.lacking, row, is_lost and not is_gone and not is_skipped)
        if row in self._right:
            self._put(self._recanted, row, self._recants(row, answer))

    def note_classes(self) -> None:
        """Look at the classes anew: merging more leaves labels right, parting does not."""
        decided = self._stage.decided
        if decided is None or self._stage.certified is None:
            return
        then, now = self._replay.classes_then(decided.seq), self._replay.classes_then(None)
        together: dict[str, str] = {}
        self._is_parted = any(
            together.setdefault(then.resolve(one.class_id), now.resolve(one.class_id))
            != now.resolve(one.class_id)
            for one in then.all
        )
        had = {one.name: now.resolve(one.class_id) for one in then.live}
        self._taken_over = [
            one.name for one in now.live if had.get(one.name, one.class_id) != one.class_id
        ]

    @staticmethod
    def _put(rows: set[int], row: int, is_in: bool) -> None:
        (rows.add if is_in else rows.discard)(row)

    def _is_since(self, answer: Event | None) -> bool:
        decided = self._stage.decided
        return answer is not None and decided is not None and answer.seq > decided.seq

    def _recants(self, row: int, answer: Event | None) -> bool:
        """Tell whether the model was right about an audited item, and is not any more."""
        if answer is None or answer.content is None:  # taken back, or skipped: it is no label
            return False
        right = self._replay.resolve(self._right[row])
        return judged_as(self._replay.resolve(answer.content), right) != right

    def _right_then(self) -> dict[int, str]:
        """Return the class of each audited item about which the model was right."""
        drawn, done, decided = self._stage.drawn, self._stage.certified, self._stage.decided
        if drawn is None or done is None or decided is None:
            return {}
        p, audit = drawn.frozen.predictions, drawn.audit
        answers = answers_of(drawn, self._replay, self._rows, decided.seq)
        n = done.certificate.n_audited
        right = audit.drawn[:n][~judge(audit, p, answers).wrong[:n]]
        return {row: drawn.frozen.class_ids[int(p.codes[row])] for row in right.tolist()}


def _lacking(n: int) -> str:
    if n == 1:
        return (
            "1 item that the certificate covers has changed, or has no label any more: it is left"
            " to you, too."
        )
    return (
        f"{n:,} items that the certificate covers have changed, or have no label any more: they are"
        " left to you, too."
    )
