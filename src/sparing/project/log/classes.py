"""The classes of a project, as the events about them have made them one after the other."""

from dataclasses import dataclass, replace

from sparing.errors import UnknownNameError
from sparing.pool.class_names import name_key
from sparing.store import Event, Kind, NewEvent

NO_SUCH_CLASS = "There is no such class."
NAMELESS = "A class has a name."
TAKEN = "There is a class '{name}' already: merge the two instead."
DELETED = "The class '{name}' was deleted."
ONE_ALREADY = "'{one}' and '{other}' are one class already."


@dataclass(frozen=True, slots=True)
class ClassState:
    """One class: the key it bears for ever, its name now, the class it was merged into."""

    class_id: str
    name: str
    into: str | None = None
    deleted: bool = False

    @property
    def is_live(self) -> bool:
        """Whether it can be given."""
        return self.into is None and not self.deleted


class Classes:
    """Folds events about classes, in the order of ``seq``; each costs about the same.

    What cannot hold, such as a merge that closes a circle, is known by :meth:`why_not`: it is
    refused before it is stored, and where it is stored all the same, it changes nothing.

    Examples
    --------
    >>> classes = Classes()
    >>> classes.apply(NewEvent(key="k1", kind=Kind.ADD_CLASS, class_name="cat"))
    >>> classes.apply(NewEvent(key="k2", kind=Kind.ADD_CLASS, class_name="kitten"))
    >>> classes.apply(NewEvent(key="k3", kind=Kind.MERGE_CLASS, class_id="k2", into_id="k1"))
    >>> classes.resolve("k2"), classes.id_of("kitten")
    ('k1', 'k1')
    >>> back = NewEvent(key="k4", kind=Kind.MERGE_CLASS, class_id="k1", into_id="k2")
    >>> classes.why_not(back)
    "'cat' and 'kitten' are one class already."
    """

    def __init__(self) -> None:
        self._classes: dict[str, ClassState] = {}
        self._ids: dict[str, str] = {}  # the class that bore a name last
        self._live: dict[str, str] = {}  # the class that bears it now
        self._ways: dict[str, list[str]] = {}  # names that differ only in how they are written
        self._roots: dict[str, str] = {}  # shortcuts on the way through merges

    def __contains__(self, class_id: object) -> bool:
        return class_id in self._classes

    def copy(self) -> "Classes":
        """Return the same classes, to try what follows on."""
        other = Classes()
        other._classes, other._ids = self._classes.copy(), self._ids.copy()
        other._live, other._roots = self._live.copy(), self._roots.copy()
        other._ways = {key: [*names] for key, names in self._ways.items()}
        return other

    @property
    def all(self) -> list[ClassState]:
        """All classes ever added, merged and deleted ones too, in the order they were added."""
        return list(self._classes.values())

    @property
    def live(self) -> list[ClassState]:
        """The classes that can be given, in the order they were added."""
        return [c for c in self._classes.values() if c.is_live]

    def stands(self, class_id: str) -> bool:
        """Tell whether a class was added, and what it stands for was not deleted."""
        return class_id in self and not self._classes[self.resolve(class_id)].deleted

    def bears(self, name: str) -> str | None:
        """Return the key of the class that can be given under a name now, however it is written."""
        return self._live.get(self._as_written(name, self._live))

    def id_of(self, name: str) -> str:
        """Return the key of the class that bears a name, or bore it last, merges followed.

        A name that no class ever had is that of one from which only its writing differs.

        Raises
        ------
        UnknownNameError : there is none either, or it was deleted
        """
        if name not in self._ids or not self.stands(self._ids[name]):
            name = self._as_written(self._as_written(name, self._live), self._ids)
        if name not in self._ids or not self.stands(self._ids[name]):
            raise UnknownNameError("class", name, [c.name for c in self.live])
        return self.resolve(self._ids[name])

    def name_of(self, class_id: str) -> str:
        """Return the name, as it is now, of what a class stands for."""
        return self._classes[self.resolve(class_id)].name

    def resolve(self, class_id: str) -> str:
        """Return the class that a class stands for, through all merges."""
        passed = []
        while (into := self._roots.get(class_id) or self._classes[class_id].into) is not None:
            passed.append(class_id)
            class_id = into
        for one in passed:
            self._roots[one] = class_id
        return class_id

    def apply(self, event: Event | NewEvent) -> None:
        """Take one more event into account, where it can hold."""
        if self.why_not(event):
            return
        if event.kind is Kind.ADD_CLASS:
            self._add(event.key, event.class_name or "")
        elif event.kind is Kind.RENAME_CLASS:
            self._rename(event.class_id or "", event.text or "")
        elif event.kind is Kind.DELETE_CLASS:
            self._delete(event.class_id or "")
        else:
            self._merge(event.class_id or "", event.into_id or "")

    def why_not(self, event: Event | NewEvent) -> str:
        """Say why an event about classes cannot hold after those before it; ``""`` if it can."""
        if event.kind is Kind.ADD_CLASS:
            return "" if event.class_name else NAMELESS
        if event.class_id is None or event.class_id not in self:
            return NO_SUCH_CLASS
        if not self.stands(event.class_id):
            return DELETED.format(name=self.name_of(event.class_id))
        if event.kind is Kind.DELETE_CLASS:
            return "" if self._classes[event.class_id].is_live else NO_SUCH_CLASS
        if event.kind is Kind.RENAME_CLASS:
            is_taken = event.text in self._live
            return TAKEN.format(name=event.text) if is_taken else "" if event.text else NAMELESS
        return self._why_not_merged(event)

    def _why_not_merged(self, event: Event | NewEvent) -> str:
        if event.into_id is None or event.into_id not in self:
            return NO_SUCH_CLASS
        if not self.stands(event.into_id):
            return DELETED.format(name=self.name_of(event.into_id))
        one, into = self._classes[event.class_id or ""], self._classes[event.into_id]
        is_one = self.resolve(one.class_id) == self.resolve(into.class_id)
        return ONE_ALREADY.format(one=one.name, other=into.name) if is_one else ""

    def _as_written(self, name: str, among: dict[str, str]) -> str:
        """Return a name as it is written among some; the name itself where it is not there."""
        if name in among:
            return name
        return next((one for one in self._ways.get(name_key(name), ()) if one in among), name)

    def _note(self, name: str, class_id: str) -> None:
        """Take down who bears a name."""
        if name not in self._ids:
            self._ways.setdefault(name_key(name), []).append(name)
        self._ids[name] = class_id

    def _add(self, class_id: str, name: str) -> None:
        """Add a class; a second one of a name in use, from another tab, is the same class."""
        same = self._live.get(name)
        self._classes[class_id] = ClassState(class_id, name, same)
        self._note(name, same or class_id)
        if same is None:
            self._live[name] = class_id

    def _rename(self, class_id: str, name: str) -> None:
        before = self._classes[class_id]
        self._classes[class_id] = replace(before, name=name)
        self._note(name, class_id)
        if before.into is None:
            del self._live[before.name]
            self._live[name] = class_id

    def _merge(self, class_id: str, into: str) -> None:
        before = self._classes[class_id]
        self._classes[class_id] = replace(before, into=into)
        if before.into is None:
            del self._live[before.name]
        else:  # logs of older versions may merge a class twice: the last word counts
            self._roots.clear()

    def _delete(self, class_id: str) -> None:
        before = self._classes[class_id]
        self._classes[class_id] = replace(before, deleted=True)
        del self._live[before.name]
