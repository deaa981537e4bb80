"""What a project says of itself: status, history, likely mistakes."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sparing.audit.audit import Phase
from sparing.datasets.label_columns import offered
from sparing.project.asking import looked_up
from sparing.project.learning.advice import (
    Grounds,
    n_random,
    random_accuracy,
    standing,
    too_early,
    wanting,
)
from sparing.project.learning.shares import said_of_shares
from sparing.project.log.boxed import cost_so_far
from sparing.project.log.replay import Ignored, ItemState
from sparing.project.settings import BOXES, SPANS, offered_labels
from sparing.project.source.items import GONE
from sparing.project.source.matching import TAKEN_UP
from sparing.project.state import State
from sparing.project.views import (
    Asked,
    AuditProgress,
    CurvePoint,
    HistoryRow,
    RoughAccuracy,
    Status,
)
from sparing.store import Event, Kind, Version, VersionFacts
from sparing.store.contents import units_in
from sparing.store.records import LABELS

N_SHOWN = 3
MARKED_ALREADY = (
    "Texts without an answer that have spans in the source: {n:,}. 'sparing import PROJECT {name}'"
    " takes them over."
)
WORDLESS = "Texts with an answer and without a word: {n:,}. CoNLL columns leave them out."
NO_MODEL = (False, "Go on: there is no model yet.")
ALL_ANSWERED = (True, "Stop: every item has an answer.")
CHOOSE = (False, "Choose first what the items of the source are: 'sparing match' shows them.")
BEYOND_LABELING = {
    Phase.AUDIT: (False, "The model is being checked: answer the items of the check."),
    Phase.CERTIFIED: (False, "The model is certified: answer the items that are left to you."),
    Phase.HANDBACK: (False, "The model is certified: answer the items that are left to you."),
    Phase.DONE: (True, "Done: nothing is left to answer."),
}
HEARD = "The model hears them with a weight of {:.2f} of 1, as far as answers bear them out."
NOT_HEARD = "The model does not hear them: no answers show that they know what it does not."
BY_TOKENS = "The model hears them token by token, as far as answers bear them out."
ROUGH = (
    "rough, of the items without a label: from {n} drawn at random so far;"
    " 'Check now' makes it sure"
)

LOOKED_AT = (
    "The model has looked at {:,} of the {:,} pictures without an answer, drawn at random: it"
    " suggests boxes in these, and a certificate would cover no others."
)
NOT_LOOKED_AT = (
    "Whether all pictures can be read is not known yet: each is opened before the model sees it,"
    " and those that cannot be read are named then."
)


def status(state: State, annotator: str = "") -> Status:
    """Return where a project stands, as a person may know it."""
    answers = [a for a in state.answers() if state.present[state.row_of[a.item_id or ""]]]
    labels = [answer for answer in answers if answer.kind in LABELS]
    n_items = int(state.present.sum())
    counts = _counts(state, labels)
    accuracy = _accuracy(state)
    return Status(
        n_items=n_items,
        n_labeled=len(labels),
        n_skipped=len(answers) - len(labels),
        n_left=n_items - len(answers),
        n_flagged=sum(noted.flagged for noted in state.replay.items.values()),
        class_counts=_counts(state, _seen(state, labels, annotator)) if annotator else counts,
        phase=state.phase,
        accuracy=accuracy,
        wanting="" if accuracy else wanting(n_random(_facts(state))),
        curve=tuple(_curve(state.versions)),
        advice=_advice(state, counts, n_items - len(answers)),
        model_version=state.version,
        n_learned=_facts(state).n_labels,
        n_behind=_n_behind(state),
        encoded=state.encoded,
        trainer=state.trainer_said,
        notes=tuple(_notes(state)),
        audit=_audit(state),
        certificate=state.certified.certificate if state.certified else None,
        n_remainder_left=len(state.remainder_left()),
        seq=state.replay.last_seq,
        people=tuple(sorted(state.replay.people)),
        n_contested=len(state.contested()),
        guidelines=len(state.replay.guidelines),
        seen_by=state.seen_by,
        n_unmatched=_n_unmatched(state),
        shares=dict(_facts(state).shares),
        weighed=_weighed(state, labels),
        kind=state.settings.kind,
        by_label=_by_label(state),
        since_certified=tuple(state.said_of_certificate()) if state.certified else (),
    )


def _weighed(state: State, labels: list[Event]) -> tuple[str, ...]:
    """Return what each model is worth, predictions of others, and how far suggestions sway."""
    shares = said_of_shares(_facts(state).shares)
    own = _of_boxes(state, labels)
    detector = [state.detector_said] if state.detector_said else []
    return (*shares, *own, *detector, *_foreign(state), *state.sway().said())


def _of_boxes(state: State, labels: list[Event]) -> list[str]:
    """Return what boxes have cost, and whether suggestions help."""
    if state.settings.kind != BOXES:
        return []
    cost = cost_so_far(label.content or "[]" for label in labels)
    return [one for one in (cost, _facts(state).suggests, _looked_at(state)) if one]


def _looked_at(state: State) -> str:
    """Say how many pictures the detector has looked at, where it does not look at all of them."""
    scores = state.scores
    if scores is None or not scores.proba.shape[1]:
        return ""
    is_open = state.askable()[: len(scores.proba)]
    n_unseen = int((is_open & np.isnan(scores.proba[:, 0])).sum())
    return LOOKED_AT.format(is_open.sum() - n_unseen, is_open.sum()) if n_unseen else ""


def _foreign(state: State) -> list[str]:
    """Return how often predictions of others are right, and how far the model hears them."""
    theirs = state.foreign_record()
    if theirs is None or state.foreign is None:
        return []
    return [theirs.said(state.foreign.name), *_heard(state)]


def _heard(state: State) -> list[str]:
    """Return how far the model hears predictions of others; nothing before it has learned."""
    facts = _facts(state)
    if state.settings.kind == SPANS:
        return [BY_TOKENS] if facts.n_labels else []
    if facts.heard is None:
        return []
    return [HEARD.format(facts.heard) if facts.heard else NOT_HEARD]


def _seen(state: State, labels: list[Event], annotator: str) -> list[Event]:
    """Leave out the labels of items that a person is still to answer without knowing them."""
    return [one for one in labels if not state.hides(state.row_of[one.item_id or ""], annotator)]


def _counts(state: State, labels: list[Event]) -> dict[str, int]:
    counts = {c.class_id: 0 for c in state.replay.classes}
    for label in labels:
        for *_, one in units_in(state.replay.resolve(label.content or "")):
            counts[str(one)] += 1
    return {state.replay.class_name(class_id): n for class_id, n in counts.items()}


def _n_behind(state: State) -> int:
    seen = state.versions[-1].seq if state.versions else 0
    return state.replay.last_seq - seen


def _accuracy(state: State) -> RoughAccuracy | None:
    """Return the audited accuracy where a certificate holds, else the rough one."""
    if state.audited is not None:
        found = state.audited
        note = f"{found.about}; from a check of {found.n_audited:,}"
        numbers = found.value, found.low, found.high, found.n_audited
        return RoughAccuracy(*numbers, note, found.rough)
    told = random_accuracy(_facts(state))
    return None if told is None else RoughAccuracy(*told, ROUGH.format(n=told[-1]))


def _by_label(state: State) -> dict[str, RoughAccuracy]:
    """Return how often each label alone is right, of those that are there still."""
    if random_accuracy(_facts(state)) is None:
        return {}
    told = {
        key: RoughAccuracy(value, low, high, n, ROUGH.format(n=n))
        for key, value, low, high, n in _facts(state).by_label
    }
    return {c.name: told[c.class_id] for c in state.replay.classes if c.class_id in told}


def _facts(state: State) -> VersionFacts:
    return state.versions[-1].facts if state.versions else VersionFacts()


def _curve(versions: list[Version]) -> Iterator[CurvePoint]:
    """Yield the points that stand, each from enough random answers."""
    for facts in standing(versions):
        found = random_accuracy(facts)
        if found is not None:
            yield CurvePoint(facts.n_labels, *found[:3])


def _advice(state: State, counts: dict[str, int], n_left: int) -> tuple[bool, str]:
    """Say whether to stop; what the evidence allows is judged by the classes as they are now."""
    if state.phase in BEYOND_LABELING:
        return BEYOND_LABELING[state.phase]
    if not n_left:
        return CHOOSE if state.changes.held else ALL_ANSWERED
    facts = _facts(state)
    if not facts.n_labels or facts.advice is None:
        return NO_MODEL
    unseen = tuple(name for name, n in counts.items() if not n)
    grounds = Grounds(n_random(facts), unseen, facts.has_skill, says_stop=facts.advice[0])
    early = too_early(grounds)
    return (False, early) if early else facts.advice


def _notes(state: State) -> list[str]:
    ignored = _ignored(state.replay.ignored)
    said = [*state.listing.said, *_offered(state), *_of_texts(state), *state.changes.said()]
    unread = [*state.said_of_unreadable(), *_not_looked_at(state)]
    return [*state.said_of_certificate(), *ignored, *said, *unread, *_lost(state)]


def _not_looked_at(state: State) -> list[str]:
    """Say that it is not known yet which pictures can be read: they are opened to be encoded."""
    is_open = state.is_encoded or state.versions or state.listing.kind != "images"
    return [] if is_open else [NOT_LOOKED_AT]


def _offered(state: State) -> list[str]:
    """Return what can be done with labels that the source has already."""
    layout, table = state.listing.layout, state.listing.table
    column = offered_labels(state.settings, layout)
    if layout is None or table is None or column is None or column not in table.columns:
        return []
    return [offered(table, column, layout.columns)]


def _of_texts(state: State) -> list[str]:
    """Return what can be done with spans that the source has, and what CoNLL will leave out."""
    listing = state.listing
    if listing.passages is None:
        return []
    marks = listing.passages.marked
    said = (i for i, noted in state.replay.items.items() if noted.answer is not None)
    places = [place for i in said if (place := state.place_of(i)) is not None]
    blank = sum(not listing.values[place].strip() for place in places)
    n = int(marks.sum() - marks[places].sum())
    name = Path(state.settings.source).name
    marked = MARKED_ALREADY.format(n=n, name=name)
    return [marked] * bool(n) + [WORDLESS.format(n=blank)] * bool(blank)


def _lost(state: State) -> list[str]:
    """Return what to do about answers whose items are not in the source."""
    n = _n_unmatched(state)
    if not n:
        return []
    whose = (
        "1 item with an answer or a note is" if n == 1 else f"{n:,} items with answers or notes are"
    )
    return [f"{whose} not in the source: kept, not learned from. 'sparing match' lists them."]


def _n_unmatched(state: State) -> int:
    """Return how many items something was said of that are not in the source."""
    said = (i for i, noted in state.replay.items.items() if noted.is_touched)
    rows = (state.rows[state.row_of[i]] for i in said if i in state.row_of)
    return sum(item.state == GONE and item.reason != TAKEN_UP for item in rows)


def _ignored(events: list[Ignored]) -> list[str]:
    """Say what is stored and changes nothing, as it cannot hold."""
    if not events:
        return []
    kinds = ", ".join(f"{n:,} {kind}" for kind, n in Counter(e.kind.value for e in events).items())
    shown = " ".join(f"No. {e.seq:,}, {e.kind.value}: {e.why}" for e in events[:N_SHOWN])
    return [f"Stored, and ignored as it cannot hold: {kinds}. {shown}"]


def _audit(state: State) -> AuditProgress | None:
    if state.drawn is None or state.drawn.audit.claim is None:
        return None
    claim = state.drawn.audit.claim
    n, done = state.n_to_audit(), state.n_answered_of_draw()
    if state.certified is not None:
        return AuditProgress(n, done, state.certified.certificate.statement)
    sure, share = f"{100 * (1 - claim.delta):g} % certainty", f"{100 * claim.epsilon:g} %"
    what = f"to show with {sure} that at most {share} of the labels are wrong"
    return AuditProgress(n, done, f"{done:,} of {n:,} answered, {what}.")


@dataclass(frozen=True, slots=True)
class Search:
    """What is looked for in what was said.

    Parameters
    ----------
    text : a part of the name, content, class or comment; ``""``: anything
    marked : ``"flagged"``, ``"skipped"`` or ``"commented"``; None: whatever has an answer
    annotator : who looks
    """

    text: str
    marked: str | None
    annotator: str


def history(state: State, search: Search, offset: int, limit: int) -> tuple[int, list[HistoryRow]]:
    """Return how many items fit, and a page of them, the newest answer first."""
    shown = [
        (item_id, _as_seen(noted, search.annotator))
        for item_id, noted in state.replay.items.items()
        if item_id in state.row_of
        and _is_marked(noted, search.marked)
        and _may_be_shown(state, item_id, search.annotator)
    ]
    shown.sort(key=lambda one: -one[1].seq if one[1] else 0)
    wanted = search.text.casefold().strip()
    found = [one for one in shown if _fits(state, *one, wanted)]
    return len(found), [_row(state, *one) for one in found[offset : offset + limit]]


def _is_marked(noted: ItemState, marked: str | None) -> bool:
    if marked == "flagged":
        return noted.flagged
    if marked == "commented":
        return bool(noted.comment)
    is_skip = noted.answer is not None and noted.answer.kind is Kind.SKIP
    return is_skip if marked == "skipped" else noted.answer is not None


def _may_be_shown(state: State, item_id: str, annotator: str) -> bool:
    row = state.row_of[item_id]
    return row not in state.drawn_rows and not state.hides(row, annotator)


def _as_seen(noted: ItemState, annotator: str) -> Event | None:
    """Return a person's own opinion in place of the answer beside which it stands."""
    return noted.answer if noted.is_settled else noted.vote_of(annotator) or noted.answer


def _fits(state: State, item_id: str, event: Event | None, wanted: str) -> bool:
    if not wanted:
        return True
    item = state.item(item_id)
    answer = state.answer_of(event)
    said = "" if answer is None else answer.class_name or "skipped"
    texts = (item.name, item.text or "", said, state.replay.of(item_id).comment)
    fields = (item.fields or {}).values()
    return any(wanted in text.casefold() for text in (*texts, *fields))


def _row(state: State, item_id: str, event: Event | None) -> HistoryRow:
    noted = state.replay.of(item_id)
    return HistoryRow(state.answer_of(event), state.item(item_id), noted.flagged, noted.comment)


def look_again(state: State, limit: int, annotator: str) -> list[tuple[Asked, str]]:
    """Return labeled items that may be mistakes, and why: changed files, then doubted labels."""
    if state.phase is Phase.AUDIT:  # no hint of what the model thinks while it is checked
        return []
    changed = [
        (state.row_of[item_id], "the item has changed since it was labeled")
        for item_id in sorted(state.changes.changed_ids)
        if state.replay.of(item_id).answer is not None
    ]
    reasons = dict(_likely_mistakes(state)) | dict(changed)
    ordered = [*dict(changed), *(row for row in reasons if row not in dict(changed))]
    ids = {row: state.rows[row].item_id for row in ordered}
    seen = [row for row in ordered if not state.hides(row, annotator)]
    return [(looked_up(state, ids[row], annotator), reasons[row]) for row in seen[:limit]]


def _likely_mistakes(state: State) -> list[tuple[int, str]]:
    if state.scores is None or not state.versions:
        return []
    seen, doubts = state.versions[-1].seq, []
    belief = np.asarray(state.scores.doubt).tolist()
    for i, (row, p) in enumerate(zip(state.scores.doubted, belief, strict=True)):
        answer = state.replay.of(state.rows[int(row)].item_id).answer
        # One that was answered since is settled: nobody is asked the same twice.
        if answer is not None and answer.kind in LABELS and answer.seq <= seen:
            what = _doubted_word(state, int(row), i) or "its label"
            doubts.append((int(row), f"a model that had not seen it gives {what} {100 * p:.0f} %"))
    return doubts


def _doubted_word(state: State, row: int, place: int) -> str:
    """Return the word of a text on which the doubt is; nothing where no spans are marked."""
    words = state.scores.doubted_words if state.scores is not None else ()
    if not len(words):
        return ""
    start, end = words[place].tolist()
    text = state.item(state.rows[row].item_id).text or ""
    return f"what is said of “{text[start:end]}”"
