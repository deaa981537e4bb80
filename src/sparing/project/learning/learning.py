"""What learns from a project: model versions are made, taken into use and forgotten."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from sparing.errors import ConflictError
from sparing.project import opening
from sparing.project.learning.class_words import keep_seeds, read_seeds
from sparing.project.learning.scores import read_scores
from sparing.project.locked_state import Guarded
from sparing.project.log.event_log import EventLog
from sparing.project.multiprocess import Duties
from sparing.project.options import FROZEN, with_encoder
from sparing.project.settings import Settings
from sparing.project.source.contents import made_before
from sparing.project.source.encoding import full_name
from sparing.project.source.sights import reads_words
from sparing.project.source.vectors import is_same
from sparing.project.source_access import chosen
from sparing.project.trust import note_encoder
from sparing.store import Store, Version
from sparing.types import Progress

if TYPE_CHECKING:
    from sparing.project.learning.span_trainee import SpanTrainee
    from sparing.project.learning.trainee import Trainee


class Learning:
    """The model of a project, and the encoder whose vectors it sees.

    Parameters
    ----------
    store : of the project
    guarded : its state
    log : keeps the state in step with the store
    duties : what this process does for all that share the project

    Attributes
    ----------
    log, duties : the same
    folder : of the project
    """

    def __init__(self, store: Store, guarded: Guarded, log: EventLog, duties: Duties) -> None:
        self._store = store
        self._guarded = guarded
        self.folder = guarded.folder
        self._trainee: Trainee | SpanTrainee | None = None
        self.log = log
        self.duties = duties

    @property
    def version(self) -> int:
        """The newest model version; 0 before there is one."""
        with self._guarded.held() as state:
            return state.version

    @property
    def is_encoded(self) -> bool:
        """Whether all items that can be read have vectors."""
        with self._guarded.held() as state:
            return state.is_encoded

    @property
    def seen_by(self) -> tuple[str, ...]:
        """Sentences on what made the vectors of the items, and when; none before that is known."""
        with self._guarded.held() as state:
            return state.seen_by

    @property
    def unreadable(self) -> tuple[str, ...]:
        """Sentences on items that cannot be read, as far as they were looked at."""
        with self._guarded.held() as state:
            return tuple(state.said_of_unreadable())

    def is_behind(self) -> bool:
        """Tell whether the newest model version lacks an answer or an item, or there is none.

        While an audit is open the model is frozen, and nothing is there to be learned.
        """
        with self._guarded.held() as state:
            versions = state.versions
            if versions and state.drawn_rows:
                return False
            return not (state.has_learned_all() and state.is_encoded)

    def retrain(self, progress: Progress = lambda what, done, total: None) -> int:
        """Learn here and now from all answers; return the model version.

        Where a trainer runs in the background it does this; then there is no need to.

        Raises
        ------
        SparingError : the items cannot be encoded, or the model cannot be fitted
        """
        if self._trainee is None:
            self._trainee = self.trainee(progress)
        items_are_new = self._trainee.encode() and self.take_contents()
        with self._guarded.held() as state:
            if state.has_learned_all() and not items_are_new:
                return state.version
        self.adopt(self._trainee.learn(self.version + 1))
        self._trainee.arrange()
        return self.version

    def trainee(self, progress: Progress, *, patient: bool = True) -> "Trainee | SpanTrainee":
        """Return what learns from this project, wherever it runs.

        Parameters
        ----------
        progress : told (what, done, in all)
        patient : whether it waits for a network before anything is learned
        """
        with self._guarded.held() as state:
            settings = state.settings
        return opening.make_trainee(self.folder, self._store, settings, progress, patient=patient)

    def take_contents(self) -> bool:
        """Read what encoding found out, such as files that are damaged; say whether it was new."""
        return self.log.take_contents()

    def adopt(self, version: Version) -> None:
        """Take a model version that was written into use, and keep it.

        Raises
        ------
        SourceError : its file is not there or damaged
        """
        scores = read_scores(self.folder.scores(version))  # megabytes: nobody waits
        self._store.add_version(version)
        with self._guarded.held() as state:
            if version.version > state.version:  # else it was met in the store just now
                state.adopt([version], scores)
            opening.forget_old_scores(self.folder, state.versions)

    def note_trainer(self, doing: str, message: str = "") -> None:
        """Note what the trainer does, for who asks where the project stands."""
        with self._guarded.held() as state:
            state.trainer_said = (doing, message)

    def note_encoded(self, done: int, total: int) -> None:
        """Note how many items are encoded, of how many."""
        with self._guarded.held() as state:
            state.encoded = (done, total)

    def set_encoder(self, encoder: str, *, fetch: bool = False) -> None:
        """Go on with another encoder; every answer stays, and the items are encoded anew.

        Parameters
        ----------
        encoder : its name, or ``"auto"``: what sees most of what is installed now
        fetch : whether a model that it names may be fetched, if it is not here

        Raises
        ------
        UnknownNameError, InvalidInputError : there is no such encoder
        MissingExtraError, SourceError : its library or its model is not here; all stays as it was
        ConflictError : an audit is open
        """
        encoder = full_name(encoder)
        with self._guarded.held() as state:
            listing = state.listing
        opening.check_encoder_for(encoder, listing, fetch=fetch)
        with self._guarded.held() as state:
            settings = with_encoder(state.settings, encoder, state)
        self.keep(note_encoder(settings))
        self._choose_anew(encoder)

    def finds_pictures(self) -> bool:
        """Tell whether words find pictures here, once these were seen by the encoder.

        Raises
        ------
        SparingError : the encoder cannot be read
        """
        with self._guarded.held() as state:
            settings, listing = state.settings, state.listing
        chosen(self.folder, settings).check()
        return reads_words(settings.encoder, listing)

    def look_for(self, class_name: str, words: Sequence[str]) -> None:
        """Ask what is like the items with some words, from the next model version on."""
        keep_seeds(self._store, read_seeds(self._store) | {class_name: list(words)})

    def keep(self, settings: Settings) -> None:
        """Go on with other settings; another encoder makes all vectors anew."""
        with self._guarded.held() as state:
            before = state.settings
            state.take_settings(self._store, settings)
        if settings.encoder != before.encoder:
            self._forget_vectors()
            self.take_contents()

    def _choose_anew(self, encoder: str) -> None:
        """Forget what was made by a choice of ``"auto"``, or a model, that is another one now."""
        before = made_before(self.folder)
        with self._guarded.held() as state:
            listing, settings = state.listing, replace(state.settings, encoder_since=state.version)
            is_frozen = bool(state.drawn_rows)
        if before is None or before.asked != encoder or is_same(before, listing):
            return
        if is_frozen:
            raise ConflictError(FROZEN)
        self.folder.contents.unlink(missing_ok=True)
        self.keep(settings)
        self._forget_vectors()

    def _forget_vectors(self) -> None:
        self._trainee = None
        with self._guarded.held() as state:
            state.is_encoded = False
