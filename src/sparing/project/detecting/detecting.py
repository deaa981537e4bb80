"""Detectors of others in a project: they learn from its answers, and suggest boxes."""

from collections.abc import Sequence
from typing import Any

from sparing.datasets.items import Skipped
from sparing.errors import CapabilityError, TrainingError
from sparing.models.detection.detector import NO_BOX, Detector, predicted
from sparing.project.detecting.round import DetectorRound, DetectorSaid, round_of, said_of
from sparing.project.files.readings import ImportReport
from sparing.project.learning.foreign import Foreign, keep_foreign
from sparing.project.locked_state import Guarded
from sparing.project.log.event_log import EventLog
from sparing.project.log.meaning import as_said
from sparing.project.settings import BOXES
from sparing.project.state import State
from sparing.store.contents import content_of
from sparing.store.records import LABELS

CALLED = "the detector"
"""What its predictions are of, as people read it."""
CHANGED = "its picture has changed since it was looked at"
NO_OBJECT = content_of(())


class Detecting:
    """Suggests what a detector of somebody's own finds; it is nobody's word, and no evidence.

    Parameters
    ----------
    guarded : the state of a project
    log : keeps the state in step with the store
    """

    def __init__(self, guarded: Guarded, log: EventLog) -> None:
        self._guarded = guarded
        self._log = log

    def learn(self, detector: Detector) -> ImportReport:
        """Let a detector learn from all answers, and suggest what it finds in the other pictures.

        What was suggested before by others is replaced.

        Parameters
        ----------
        detector : any; it is given paths, or arrays where the pictures are no files

        Returns
        -------
        of how many pictures it has told, and what was left out

        Raises
        ------
        CapabilityError : no boxes are drawn in this project
        TrainingError : there is no box yet, or the detector has failed
        """
        begun = self.begin()
        if not begun.n_boxes:
            raise TrainingError(NO_BOX)
        n_classes = len(begun.known.classes)
        try:
            detector.fit(_shown(begun.known.items), begun.truth(), n_classes)
            found = predicted(detector, _shown(begun.asked), n_classes)
        except (ValueError, RuntimeError, ArithmeticError) as error:
            raise TrainingError(f"{type(detector).__name__} has failed: {error}") from error
        return self.publish(begun, begun.results(found))

    def begin(self) -> DetectorRound:
        """Return what there is to learn from now, and to be told of.

        Raises
        ------
        CapabilityError : no boxes are drawn in this project
        """
        self.check()
        with self._guarded.held() as state:
            begun = round_of(state)
        return begun.measured()  # nobody waits for it

    def check(self) -> None:
        """Refuse where no detector can suggest anything.

        Raises
        ------
        CapabilityError : no boxes are drawn in this project
        """
        with self._guarded.held() as state:
            kind = state.settings.kind
        if kind != BOXES:
            raise CapabilityError(
                f"A detector suggests boxes; the answers of this project are of kind '{kind}'."
            )

    @property
    def last_seq(self) -> int:
        """Number of the last event that was said."""
        with self._guarded.held() as state:
            return state.replay.last_seq

    def is_due(self, after: int, since: int) -> bool:
        """Tell whether so many answers came since the last round, and no check is open.

        Parameters
        ----------
        after : answers
        since : number of the last event that was said when this process tried a round
        """
        with self._guarded.held() as state:
            if state.drawn_rows:  # the model that is checked is as it is, and what is shown too
                return False
            known = max(since, 0 if state.foreign is None else state.foreign.seq)
            if state.replay.last_seq - known < after:
                return False
            answers = [one for one in state.answers() if one.kind in LABELS]
            has_box = any(one.content != NO_OBJECT for one in answers)
            return has_box and sum(one.seq > known for one in answers) >= after

    def publish(self, begun: DetectorRound, results: Sequence[Any]) -> ImportReport:
        """Suggest what a detector says, in place of what was suggested before.

        What it said of pictures that were answered since stays, as it had not seen the answers:
        how often it is right is told from that.

        Parameters
        ----------
        begun : the round
        results : COCO results: image_id, category_id, bbox (x, y, width, height) and score

        Raises
        ------
        SourceError : the disk refused
        """
        with self._guarded.held() as state:
            names = _names_now(state)
        told = said_of(begun, results, names)
        self._log.check_presence()
        with self._guarded.held() as state:
            said, changed = _still_there(state, told)
            foreign = Foreign(CALLED, _tried(state) | said, begun.seq)
            keep_foreign(self._guarded.folder.predictions, foreign)
            state.take_foreign(foreign)
        problems = (*told.skipped, *changed)
        return ImportReport(len(said), 0, problems, (), told.notes, "predictions")

    def note(self, sentence: str) -> None:
        """Say what a detector in the background does, to whoever asks where the project stands."""
        with self._guarded.held() as state:
            state.detector_said = sentence


def _shown(items: Sequence[Any]) -> list[Any]:
    return [item.pixels if item.path is None else item.path for item in items]


def _names_now(state: State) -> dict[int, str]:
    """Return the names of the classes by the ids of exports; of a merged one that of the other."""
    replay = state.replay
    keys = [one.class_id for one in replay.all_classes]
    live = ((i, key) for i, key in enumerate(keys, 1) if not replay.is_deleted(key))
    return {i: replay.class_name(key) for i, key in live}


def _tried(state: State) -> dict[str, str]:
    """Return what detectors said of pictures before these had an answer."""
    before = state.foreign
    if before is None or not before.seq:
        return {}
    answered = (i for i in before.said if state.replay.of(i).answer is not None)
    return {item_id: before.said[item_id] for item_id in answered}


def _still_there(state: State, told: DetectorSaid) -> tuple[dict[str, str], list[Skipped]]:
    """Return what is said of pictures that are as they were, and which of them are not."""
    said: dict[str, str] = {}
    changed = []
    for item_id, boxes in told.boxes.items():
        row = state.row_of.get(item_id)
        if row is None or row in state.drawn_rows or state.replay.of(item_id).answer is not None:
            continue  # answered meanwhile, or drawn for a check that has begun
        if state.item(item_id).size == told.sizes[item_id]:
            said[item_id] = as_said(boxes)
        else:
            changed.append(Skipped(state.rows[row].name, CHANGED))
    return said, changed
