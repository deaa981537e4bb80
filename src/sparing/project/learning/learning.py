"""What learns from a project: model versions are made, taken into use and forgotten."""

from dataclasses import replace
from typing import TYPE_CHECKING

from sparing.project import opening
from sparing.project.learning.scores import read_scores
from sparing.project.log.event_log import EventLog
from sparing.project.multiprocess import Duties
from sparing.project.options import with_encoder
from sparing.project.settings import Settings
from sparing.project.source.encoding import AUTO, Progress
from sparing.project.source.vectors import made_before
from sparing.project.state import State
from sparing.store import Store, Version

if TYPE_CHECKING:
    from sparing.project.learning.trainee import Trainee


class Learning:
    """The model of a project, and the encoder whose vectors it sees.

    Parameters
    ----------
    store, state : of the project
    log : keeps the state in step with the store

    Attributes
    ----------
    log : the same
    folder : of the project
    duties : what this process does for all that share the project
    """

    def __init__(self, store: Store, state: State, log: EventLog, duties: Duties) -> None:
        self._store = store
        self._state = state
        self.folder = state.folder
        self._trainee: Trainee | None = None
        self.log = log
        self.duties = duties

    @property
    def version(self) -> int:
        """The newest model version; 0 before there is one."""
        return self._state.version

    @property
    def is_encoded(self) -> bool:
        """Whether all items that can be read have vectors."""
        return self._state.is_encoded

    @property
    def seen_by(self) -> tuple[str, ...]:
        """Sentences on what made the vectors of the items, and when; none before that is known."""
        return self._state.seen_by

    def is_behind(self) -> bool:
        """Tell whether the newest model version lacks an answer or an item, or there is none.

        While an audit is open the model is frozen, and nothing is there to be learned.
        """
        with self._state.lock:
            versions = self._state.versions
            if versions and self._state.drawn_rows:
                return False
            return not (self._has_learned_all() and self._state.is_encoded)

    def _has_learned_all(self) -> bool:
        newest = self._state.versions[-1] if self._state.versions else None
        if newest is None or newest.is_draft:
            return False
        if newest.version <= self._state.settings.encoder_since:  # of vectors that are no more
            return False
        return newest.seq == self._state.replay.last_seq

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
        if self._has_learned_all() and not items_are_new:
            return self._state.version
        self.adopt(self._trainee.learn(self._state.version + 1))
        self._trainee.arrange()
        return self._state.version

    def trainee(self, progress: Progress) -> "Trainee":
        """Return what learns from this project, wherever it runs."""
        return opening.make_trainee(self.folder, self._store, self._state.settings, progress)

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
        with self._state.lock:
            if version.version > self._state.version:  # else it was met in the store just now
                self._state.adopt([version], scores)
            opening.forget_old_scores(self.folder, self._state.versions)

    def note_trainer(self, doing: str, message: str = "") -> None:
        """Note what the trainer does, for who asks where the project stands."""
        self._state.trainer_said = (doing, message)

    def note_encoded(self, done: int, total: int) -> None:
        """Note how many items are encoded, of how many."""
        self._state.encoded = (done, total)

    def set_encoder(self, encoder: str) -> None:
        """Go on with another encoder; every answer stays, and the items are encoded anew.

        Parameters
        ----------
        encoder : its name, or ``"auto"``: what sees most of what is installed now

        Raises
        ------
        UnknownNameError, InvalidInputError : there is no such encoder
        ConflictError : an audit is open
        """
        self.keep(with_encoder(self._state.settings, encoder, self._state))
        if encoder == AUTO:
            self._choose_anew()

    def fetch_encoder(self) -> None:
        """Load the models that the project's encoder names, from the network if they are not here.

        Raises
        ------
        MissingExtraError, SourceError : a library or a model is not there
        """
        if ":" in self._state.settings.encoder:
            from sparing.encoders.choice import fetch

            listing = self._state.listing
            fetch(self._state.settings.encoder, listing.kind, listing.values)

    def keep(self, settings: Settings) -> None:
        """Go on with other settings; another encoder makes all vectors anew."""
        before = self._state.settings
        self._state.take_settings(self._store, settings)
        if settings.encoder != before.encoder:
            self._forget_vectors()
            self.take_contents()

    def _choose_anew(self) -> None:
        """Forget which encoder ``"auto"`` has chosen, if it would choose another one now."""
        from sparing.encoders.choice import default_name

        before, listing = made_before(self.folder), self._state.listing
        if before is None or before.encoder == default_name(listing.kind, listing.values):
            return
        self.folder.contents.unlink(missing_ok=True)
        self.keep(replace(self._state.settings, encoder_since=self._state.version))
        self._forget_vectors()

    def _forget_vectors(self) -> None:
        self._trainee = None
        self._state.is_encoded = False
