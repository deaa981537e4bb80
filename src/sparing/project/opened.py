"""A project that is open: what it is, how it learns, how it is closed."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self
from uuid import uuid4

from sparing.audit.audit import Phase
from sparing.errors import StoreError
from sparing.project import opening
from sparing.project.asking import Handed
from sparing.project.folder import Lock, ProjectFolder
from sparing.project.grid.grid import Grid
from sparing.project.learning.scores import read_scores
from sparing.project.log.follower import Follower
from sparing.project.map.maps import Maps
from sparing.project.multiprocess import alone
from sparing.project.options import with_encoder, without_labels
from sparing.project.presence import Presence
from sparing.project.settings import Settings, keep_settings, read_overlap, read_settings
from sparing.project.source.encoding import AUTO, Progress
from sparing.project.source.items import Item
from sparing.project.source.rematching import Rematching
from sparing.project.source.vectors import made_before, read_contents
from sparing.project.state import State
from sparing.project.team.lending import Lending
from sparing.store import Claim, EventCheck, Kind, NewEvent, Outcome, Store, Version

if TYPE_CHECKING:
    from sparing.project.learning.trainee import Trainee


class OpenProject:
    """The part of :class:`sparing.project.Project` that is no labeling.

    Parameters
    ----------
    folder : of the project
    store, state, lock : as :mod:`sparing.project.opening` makes them

    Attributes
    ----------
    grid : pages of items that are looked at together
    lending : asks each item of one person at a time
    rematching : finds items again that are not in the source as it is now
    """

    def __init__(
        self, folder: ProjectFolder, store: Store, state: State, lock: Lock | None
    ) -> None:
        self._folder = folder
        self._store = store
        self._state = state
        self._lock = lock
        self._presence = Presence(folder)
        self._handed = Handed(state)
        self._settings = read_settings(store)
        state.share(read_overlap(store, self._settings.seed))
        self.grid = Grid(state, self._settings.seed)
        list_items = opening.lister(folder, self._settings)
        self._follower = Follower(folder, store, state, list_items)
        self.lending = Lending(store, state, self._follower)
        self._duties: dict[str, Claim] = {}
        self._trainee: Trainee | None = None
        self.trainer_said: tuple[str, str] = ("off", "")
        self.encoded: tuple[int, int] = (0, len(state.rows))
        self.maps = Maps(folder, state)
        self.rematching = Rematching(folder, store, state, list_items)
        self.take_contents()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the project; all that was answered is on the disk already."""
        for claim in self._duties.values():
            claim.release()
        self._store.close()
        if self._lock is not None:
            self._lock.release()

    def __repr__(self) -> str:
        return f"<Project {self.name}: {len(self._state.rows)} items, {self.folder}>"

    @property
    def is_writable(self) -> bool:
        """Whether this process may write to it."""
        return self._lock is not None

    @property
    def folder(self) -> Path:
        """The folder of the project."""
        return self._folder.path

    @property
    def place(self) -> str:
        """Where the project lies, for people: its folder, or its database without a password."""
        return self._folder.name if self.is_shared else str(self.folder)

    @property
    def name(self) -> str:
        """The name of the source, for people."""
        return Path(self._settings.source).name

    @property
    def root(self) -> Path | None:
        """The folder that all image files lie in; None if the items are no files."""
        return self._state.listing.root

    @property
    def secret(self) -> str:
        """A secret of this project, readable by this user alone."""
        return self._folder.secret()

    @property
    def store(self) -> Store:
        """The events, items and model versions."""
        return self._store

    @property
    def items(self) -> "ItemsView":
        """The items by their keys."""
        return ItemsView(self._state)

    @property
    def classes(self) -> list[tuple[str, str]]:
        """(name, key) of the classes that can be given, in the order they were added."""
        with self._state.lock:
            return [(c.name, c.class_id) for c in self._state.replay.classes]

    @property
    def places(self) -> list[tuple[str, int]]:
        """(name, place) of the classes that can be given; no merge ever moves a place."""
        with self._state.lock:
            everyone = self._state.replay.all_classes
            return [(c.name, place) for place, c in enumerate(everyone) if c.into is None]

    @property
    def phase(self) -> Phase:
        """Where the job stands."""
        self.catch_up()
        with self._state.lock:
            return self._state.phase

    def announce(self, url: str) -> None:
        """Write down where this process can be found, for those who meet the lock."""
        if self._lock is not None:
            self._lock.announce(url)

    @property
    def version(self) -> int:
        """The newest model version; 0 before there is one."""
        return self._state.version

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

    @property
    def offered_labels(self) -> str | None:
        """The column of the source with labels that are there already, not dealt with yet."""
        return self._settings.layout.label_column if self._settings.layout else None

    def leave_labels(self, column: str) -> None:
        """Offer the labels of a column of the source no more."""
        self._keep(without_labels(self._settings, column))

    def _keep(self, settings: Settings) -> None:
        """Go on with other settings."""
        if settings == self._settings:
            return
        keep_settings(self._store, settings)
        with self._state.lock:
            self._state.listing = replace(self._state.listing, layout=settings.layout)
        is_other = settings.encoder != self._settings.encoder
        self._settings = settings
        if is_other:
            self._trainee = None
            self._state.is_encoded = False
            self.take_contents()

    def trainee(self, progress: Progress) -> "Trainee":
        """Return what learns from this project, wherever it runs."""
        return opening.make_trainee(self._folder, self._store, self._settings, progress)

    @property
    def seen_by(self) -> tuple[str, ...]:
        """Sentences on what made the vectors of the items, and when; none before that is known."""
        return self._state.seen_by

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
        self._keep(with_encoder(self._settings, encoder, self._state))
        if encoder == AUTO:
            self._choose_anew()

    def _choose_anew(self) -> None:
        """Forget which encoder ``"auto"`` has chosen, if it would choose another one now."""
        from sparing.encoders.choice import default_name

        before, listing = made_before(self._folder), self._state.listing
        if before is None or before.encoder == default_name(listing.kind, listing.values):
            return
        self._folder.contents.unlink(missing_ok=True)
        self._keep(replace(self._settings, encoder_since=self._state.version))
        self._trainee = None
        self._state.is_encoded = False

    def fetch_encoder(self) -> None:
        """Load the models that the project's encoder names, from the network if they are not here.

        Raises
        ------
        MissingExtraError, SourceError : a library or a model is not there
        """
        if ":" in self._settings.encoder:
            from sparing.encoders.choice import fetch

            listing = self._state.listing
            fetch(self._settings.encoder, listing.kind, listing.values)

    def adopt(self, version: Version) -> None:
        """Take a model version that was written into use, and keep it.

        Raises
        ------
        SourceError : its file is not there or damaged
        """
        scores = read_scores(self._folder.scores(version))  # megabytes: nobody waits
        self._store.add_version(version)
        with self._state.lock:
            if version.version > self._state.version:  # else it was met in the store just now
                self._state.adopt([version], scores)
            opening.forget_old_scores(self._folder, self._state.versions)

    def take_contents(self) -> bool:
        """Read what encoding found out, such as files that are damaged; say whether it was new."""
        with self._state.lock:
            found = read_contents(self._folder, self._state.rows, self._settings.encoder)
            if found is None:
                return False
            updates = self._state.learned(found)
            self.encoded = (int(found.good.sum()), len(self._state.rows))
        if self._lock is not None:
            self._store.put_items(updates)
        return bool(updates)

    @property
    def is_encoded(self) -> bool:
        """Whether all items that can be read have vectors."""
        return self._state.is_encoded

    def check_presence(self) -> None:
        """Raise if the folder of the project is not where it was when it was opened.

        Raises
        ------
        StoreError : it was moved, replaced or deleted
        """
        self._presence.check()

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
        if newest.version <= self._settings.encoder_since:  # of vectors that are no more
            return False
        return newest.seq == self._state.replay.last_seq

    def refresh(self) -> None:
        """Take into account what another process has written since.

        Raises
        ------
        StoreError : the database cannot be reached
        """
        self._follower.take_all()
        if not self.is_encoded and self._state.versions:
            self.take_contents()

    def catch_up(self) -> None:
        """Do so where others may write, unless it was done a moment ago."""
        if self._folder.is_shared and self._follower.is_due():
            self.refresh()

    def has_duty(self, duty: str) -> bool:
        """Tell whether it is on this process to do something that one of several does."""
        if not self._folder.is_shared:
            return True
        if duty in self._duties and self._duties[duty].holds():
            return True
        try:
            claim = self._store.claim(duty)
        except StoreError:  # the database is away: nobody has duties
            return False
        if claim is not None:
            self._duties[duty] = claim
        return claim is not None

    @property
    def is_shared(self) -> bool:
        """Whether several processes may write to it at once."""
        return self._folder.is_shared

    @property
    def url(self) -> str:
        """The URL of its database, which may have a password; ``""`` if that is in the folder."""
        return self._folder.url

    @contextmanager
    def _alone(self, duty: str) -> Iterator[None]:
        """Do something while no other process does, knowing all that they have done."""
        with alone(self._store, self._folder, duty):
            self._presence.check()
            if self._folder.is_shared:
                self.refresh()
            yield

    def _append(
        self, events: Sequence[NewEvent], check: EventCheck | None = None, after: int = 0
    ) -> list[Outcome]:
        self._presence.check()
        outcomes = self._store.append(events, check, after)
        self._presence.check()  # else it went to a file that nobody will find again
        told = [e.seq for o in outcomes for e in (o.event, o.current) if e is not None]
        if told:  # what others have stored may be among it, such as an answer in a new class
            self._follower.take_events(max(told))
        return outcomes

    def _say(self, kind: Kind, text: str | None) -> None:
        self._append([NewEvent(key=uuid4().hex, kind=kind, text=text)])


class ItemsView(Mapping[str, Item]):
    """The items of a project by their keys; read one at a time."""

    def __init__(self, state: State) -> None:
        self._state = state

    def __getitem__(self, item_id: str) -> Item:
        return self._state.item(item_id)

    def get(self, item_id: str) -> Item:  # type: ignore[override]
        """Return an item.

        Raises
        ------
        NotFoundError : there is no such item
        """
        return self._state.item(item_id)

    def __iter__(self) -> Iterator[str]:
        return iter(self._state.row_of)

    def __len__(self) -> int:
        return len(self._state.row_of)
