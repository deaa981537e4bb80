"""What a trainee sees of the items: shapes or words at once, what a network says when it is done.

A network takes minutes for thousands of photographs. Nobody waits for it: until it is done the
answers are learned from the view that is made in a moment.
"""

import threading
from collections.abc import Callable

from sparing.datasets.items import take_items
from sparing.errors import SparingError
from sparing.project.folder import ProjectFolder
from sparing.project.source.changes import attached
from sparing.project.source.contents import Contents, read_contents
from sparing.project.source.encoding import EncoderChoice, look_at, quick_name
from sparing.project.source.items import Listing
from sparing.project.source.vectors import Quick, checked, encode_items, encode_quickly, with_words
from sparing.store import ItemRow
from sparing.types import Progress, Tick


class Sight:
    """The vectors of a project's items, for one thread at a time.

    Parameters
    ----------
    folder : of the project
    list_items : lists the source
    encoder : of the project
    progress : told (what, done, in all)

    Attributes
    ----------
    items : those of the store, as of the last ``open``
    contents : what is known of their vectors; None before the first ``open``
    """

    def __init__(
        self,
        folder: ProjectFolder,
        list_items: Callable[[], Listing],
        encoder: EncoderChoice,
        progress: Progress,
    ) -> None:
        self._folder = folder
        self._list_items = list_items
        self._encoder = encoder.name
        self._check = encoder.check
        self._tell = progress
        self._quick: Quick | None = None
        self._ahead: _Ahead | None = None
        self.items: list[ItemRow] = []
        self.contents: Contents | None = None

    @property
    def is_whole(self) -> bool:
        """Whether the vectors are those that were asked for, not the ones of a moment."""
        return self.contents is not None and self._quick is None

    def open(self, items: list[ItemRow], *, patient: bool) -> None:
        """See to it that these items have vectors.

        Parameters
        ----------
        items : of the store
        patient : whether to wait for a network; else it goes to work in the background where there
            are quicker vectors to begin with

        Raises
        ------
        SparingError : the items cannot be encoded
        """
        self.items, self._quick, self._ahead = items, None, None
        self.contents = read_contents(self._folder, items, self._encoder)
        if self.contents is not None:
            if self.contents.models and ":" in self.contents.encoder:
                self._look_again(self.contents)
            return
        listing = self.readable()
        name = None if patient else quick_name(self._encoder, listing)
        if name is None:
            self.contents = self._encoded(listing)
            return
        self._quick = encode_quickly(self._folder, items, listing, name, self._tell)
        self.contents = self._quick.contents
        self._go_ahead(listing)

    def improve(self, *, patient: bool) -> bool:
        """Go over to what the network says if it is done; tell whether that has happened.

        Parameters
        ----------
        patient : whether to wait until it is done

        Raises
        ------
        SparingError : it failed; the next call lets it try again
        """
        if self._quick is None:
            return False
        ahead, listing = self._ahead, self.listing()
        if ahead is None:
            self._go_ahead(listing)
            return False
        if not (patient or ahead.is_done()):
            return False
        self._ahead = None
        ahead.join()
        self.contents, self._quick = self._encoded(listing), None
        return True

    def look(self, seconds: float) -> tuple[int, int]:
        """Wait about so long for the network; return (done, in all), equal when it is done."""
        return self._ahead.wait(seconds) if self._ahead is not None else (1, 1)

    def listing(self) -> Listing:
        """Return the source as it is today, in the terms of the items."""
        return attached(self.items, self._list_items())

    def readable(self) -> Listing:
        """Return the same, to be read by the encoder of the project.

        Raises
        ------
        SourceError : it is not for the project to say that the encoder's files are read
        """
        self._check()
        return self.listing()

    def _encoded(self, listing: Listing) -> Contents:
        made = encode_items(
            self._folder, self.items, listing, self._encoder, self._tell, self._quick
        )
        return with_words(self._folder, self.items, made, listing)

    def _look_again(self, contents: Contents) -> None:
        """See whether the models are still those of the vectors, and read words if they do now."""
        listing = self.listing()
        contents = checked(self._folder, contents, listing, self._check)
        if not contents.trouble and not self._folder.sights(contents.mark).is_file():
            contents = with_words(self._folder, self.items, contents, listing)
        self.contents = contents

    def _go_ahead(self, listing: Listing) -> None:
        assert self._quick is not None  # noqa: S101  # there is something to begin with
        values = take_items(listing.values, self._quick.places)
        name, kind = self._encoder, listing.kind
        self._ahead = _Ahead(
            len(self._quick.places), lambda tell: look_at(name, kind, values, tell)
        )


class _Ahead:
    """A network at work in a thread of its own; what it makes is kept on the disk.

    Parameters
    ----------
    n_items : how many there are
    work : told how to tell (done, in all)
    """

    def __init__(self, n_items: int, work: Callable[[Tick], None]) -> None:
        self._work = work
        self._done = (0, n_items)
        self._error: SparingError | None = None
        self._thread = threading.Thread(target=self._run, name="sparing-network", daemon=True)
        self._thread.start()

    def is_done(self) -> bool:
        """Tell whether it has come to its end, whatever that was."""
        return not self._thread.is_alive()

    def wait(self, seconds: float) -> tuple[int, int]:
        """Return (items done, items in all) after about so long; equal when it is done."""
        self._thread.join(seconds)
        done, total = self._done
        return (total, total) if self.is_done() else (min(done, total - 1), total)

    def join(self) -> None:
        """Wait for the end; raise what went wrong."""
        self._thread.join()
        if self._error is not None:
            raise self._error

    def _run(self) -> None:
        def tell(done: int, total: int) -> None:
            self._done = done, total

        try:
            self._work(tell)
        except SparingError as error:  # told by whoever wants the result
            self._error = error
