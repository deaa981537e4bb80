"""What several people on one project need: how far they agree, and a password for each."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sparing.agreement import Agreement, Figure


def agreement_lines(told: "Agreement", counts: dict[str, int]) -> "Iterator[str]":
    """Yield the table of figures, line by line."""
    answers = ", ".join(f"{name or 'without a name'} {n:,}" for name, n in counts.items())
    yield f"Answers: {answers or 'none yet'}."
    if told.note:
        yield told.note
    rows: list[tuple[str, Figure]] = []
    if told.overall is not None:
        rows.append(("Krippendorff's alpha", told.overall))
    if told.fleiss is not None:
        rows.append(("Fleiss' kappa", told.fleiss))
    rows += [(f"Cohen's kappa, {a} and {b}", figure) for a, b, figure in told.pairs]
    rows += [(f"class {name}", figure) for name, figure in told.classes]
    rows += [(f"{name} with the others", figure) for name, figure in told.people]
    width = max((len(name) for name, _ in rows), default=0)
    for name, figure in rows:
        yield f"{name:<{width}}  {figure}"


def agreement_json(told: "Agreement", counts: dict[str, int]) -> str:
    """Return the same as JSON."""
    import json
    from dataclasses import asdict

    return json.dumps({"answers": counts, **asdict(told)}, ensure_ascii=False, indent=1)
