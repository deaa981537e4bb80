"""What several people on one project need: how far they agree, and a password for each."""

import sys
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sparing.stats.agreement import Agreement, Figure


def agreement_lines(told: "Agreement", counts: dict[str, int]) -> "Iterator[str]":
    """Yield the table of figures, line by line."""
    answers = ", ".join(f"{name or 'without a name'} {n:,}" for name, n in counts.items())
    yield f"Answers: {answers or 'none yet'}."
    if told.note:
        yield told.note
    rows: list[tuple[str, Figure]] = []
    if told.overall is not None:
        rows.append(("beyond chance, all (Krippendorff's alpha)", told.overall))
    if told.fleiss is not None:
        rows.append(("beyond chance, all (Fleiss' kappa)", told.fleiss))
    rows += [(f"beyond chance, {a} and {b} (Cohen's kappa)", figure) for a, b, figure in told.pairs]
    rows += [(f"class {name}", figure) for name, figure in told.classes]
    rows += [(f"beyond chance, label {name} (Krippendorff's alpha)", f) for name, f in told.labels]
    rows += [(f"{name} with the others", figure) for name, figure in told.people]
    width = max((len(name) for name, _ in rows), default=0)
    for name, figure in rows:
        yield f"{name:<{width}}  {figure}"


def agreement_json(told: "Agreement", counts: dict[str, int]) -> str:
    """Return the same as JSON."""
    import json
    from dataclasses import asdict

    return json.dumps({"answers": counts, **asdict(told)}, ensure_ascii=False, indent=1)


def password(
    name: Annotated[str, typer.Argument(help="Of the person.")],
    role: Annotated[
        str, typer.Option(help="annotator, settler or owner.", show_default=True)
    ] = "annotator",
) -> None:
    """Print the line of a person for the file that --passwords names; asks for the password.

    Annotators answer; settlers also decide where people differ; owners may do everything: rename
    and merge classes, write guidelines, check the model, export. Without a terminal the password is
    read from the first line of the input.

    Example: sparing password Ada --role owner >> passwords; chmod 600 passwords
    """
    from sparing.web.passwords import checked_name, checked_role, hashed

    clean, kept = checked_name(name), checked_role(role)
    if sys.stdin.isatty():
        asked = f"Password of {clean}"
        word = typer.prompt(asked, hide_input=True, confirmation_prompt=True, err=True)
    else:
        word = sys.stdin.readline().rstrip("\r\n")
    typer.echo(f"{clean}:{hashed(word)}:{kept}")
