"""Where a project stands, in sentences for the terminal."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sparing.project import Status
    from sparing.project.views import RoughAccuracy


WHAT = {
    "class": "is right in",
    "labels": "is right in all labels of",
    "boxes": "has an F1, of boxes of the right class that overlap by half, of",
    "spans": "has an F1, of spans that are right in both ends and in class, of",
}
COUNTED = {"boxes": "Boxes", "spans": "Spans"}


def sentences(stands: "Status") -> Iterator[str]:
    """Yield what ``sparing status`` prints."""
    yield (
        f"{stands.n_labeled:,} of {stands.n_items:,} labeled, {stands.n_skipped:,} skipped,"
        f" {stands.n_left:,} left; phase: {stands.phase.value}."
    )
    counts = ", ".join(f"{name} {n:,}" for name, n in stands.class_counts.items())
    if counts:
        yield f"{COUNTED.get(stands.kind, 'Classes')}: {counts}."
    if stands.accuracy is not None:
        what = WHAT.get(stands.kind, WHAT["class"])
        yield f"The model {what} {_numbers(stands.accuracy)}: {stands.accuracy.note}."
        each = ", ".join(f"{name} {_numbers(a)}" for name, a in stands.by_label.items())
        if each:
            yield f"Each label alone: {each}."
    else:
        yield f"How good the model is, is not known yet: {stands.wanting}."
    yield stands.advice[1]
    if stands.audit is not None:
        yield f"Audit: {stands.audit.sentence}"
    if stands.certificate is not None and stands.certificate.units is not None:
        from sparing.audit.wording import of_units

        yield of_units(stands.certificate.units, stands.certificate.claim.delta)
    if stands.n_contested:
        n = "1 item" if stands.n_contested == 1 else f"{stands.n_contested:,} items"
        yield f"People differ on {n}: the page settles them under /settle."
    if stands.n_remainder_left:
        yield f"{stands.n_remainder_left:,} items are left to you."
    yield from (*stands.seen_by, *stands.weighed, *stands.notes)


def _numbers(a: "RoughAccuracy") -> str:
    return f"{100 * a.estimate:.1f} % ({100 * a.low:.1f} to {100 * a.high:.1f})"
