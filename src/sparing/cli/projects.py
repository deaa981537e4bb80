"""The doors of a labeling project: ask, import answers, see how it stands, check, export."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sparing.cli.certify import EPSILON, Delta, Epsilon, check_same, tell_certified
from sparing.cli.plain import plain
from sparing.cli.reading import EncodingOption, Header, Sheet, asked_reading, reading
from sparing.cli.standing import sentences

if TYPE_CHECKING:
    from sparing.project import Asked, Project, Status
    from sparing.project.views import HistoryRow

Place = Annotated[
    str, typer.Argument(metavar="PROJECT", help="Folder of the project, its source, or a URL.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Out = Annotated[
    Path | None, typer.Option(help="File to write to, not the screen.", show_default=False)
]
ANSWERED = (
    "Every item of the check is answered: 'sparing certify' on the project says what it shows."
)


def next_items(
    project: Place,
    n: Annotated[int, typer.Option("-n", min=1, help="How many items.")] = 20,
    out: Out = None,
    as_json: AsJson = False,
) -> None:
    """Print the items to label next as a table to fill in; 'sparing import' takes it back.

    Each item says why it is asked. In an audit these are the items that check the model.

    Example: sparing next photos.sparing -n 20 --out ask.csv
    """
    with open_project(project) as opened:
        _catch_up(opened)
        nothing = ANSWERED if opened.phase == "audit" else "Nothing is left to ask."
        _print_items(_asked(opened, n), out, as_json=as_json, nothing=nothing)


def import_labels(
    project: Place,
    table: Annotated[
        Path, typer.Argument(help="CSV, .jsonl, .xlsx, .conll, ...; Label Studio's .json.")
    ],
    item_column: Annotated[
        str | None, typer.Option(help="Names the items.", show_default="item_id, item, path, ...")
    ] = None,
    label_column: Annotated[
        str | None, typer.Option(help="Has the labels.", show_default="label, class, ...")
    ] = None,
    predictions: Annotated[
        bool,
        typer.Option("--predictions", help="Of a model: shown as guesses, nobody's word."),
    ] = False,
    report: Annotated[
        Path | None,
        typer.Option(help="CSV to write: what became of each row.", show_default=False),
    ] = None,
    separator: Annotated[
        str | None,
        typer.Option(help="Between two of several labels in a cell: ;", show_default=False),
    ] = None,
    offsets: Annotated[
        str, typer.Option(help="What those of spans count: points, or utf16.")
    ] = "points",
    header: Header = None,
    encoding: EncodingOption = None,
    sheet: Sheet = None,
) -> None:
    """Import labels; what is labeled already stays, and each row that was not taken is named.

    Example: sparing import photos.sparing ask.csv
    """
    from sparing.cli.progress import say
    from sparing.datasets.formulas import csv_text
    from sparing.files import write_atomically

    read_as = asked_reading(table, reading(header, encoding, sheet))
    with open_project(project, must_write=True) as opened:
        files, columns = opened.files, (item_column, label_column)
        if predictions:
            told = files.import_predictions(table, *columns, reading=read_as, offsets=offsets)
        else:
            told = files.import_labels(
                table, *columns, reading=read_as, offsets=offsets, separator=separator
            )
    if report is not None:
        rows = [(row.row, row.item, row.became) for row in told.rows]
        write_atomically(report, csv_text(("row", "item", "became"), rows).encode())
    first, *others = told.said()
    typer.echo(first)
    for line in others:
        say(line)
    if predictions and told.problems and not told.n_stored:
        raise typer.Exit(1)  # those of before stay


def status(
    project: Place,
    show: Annotated[
        str | None,
        typer.Option(
            "--list", help="flagged, skipped or commented: print these items.", show_default=False
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Say how far a project is, how good the model is, and whether to stop.

    With --list, print the items that were marked in some way as a table instead.

    Example: sparing status photos.sparing --list flagged
    """
    with open_project(project) as opened:
        if show is not None:
            rows = [_noted(row) for row in opened.history(limit=len(opened.items), marked=show)[1]]
            _print_table(rows, None, as_json=as_json)
            if not rows:
                typer.echo(f"No item is {show}.", err=True)
            return
        stands = opened.status()
    typer.echo(_as_json(stands) if as_json else plain("\n".join(sentences(stands))))


def audit(
    project: Place,
    epsilon: Epsilon = None,
    delta: Delta = None,
    plan: Annotated[bool, typer.Option("--plan", help="Say what it costs; draw nothing.")] = False,
    again: Annotated[
        bool, typer.Option("--again", help="Give an open audit up, which is spent, and draw anew.")
    ] = False,
    out: Out = None,
    as_json: AsJson = False,
) -> None:
    """Draw the items that check the model, and print them as a table to fill in.

    If an audit is open, its items without an answer are printed again, more of them once errors
    were met. Fill in the table without looking at guesses, 'sparing import' it, then run 'sparing
    certify' on the project.

    Example: sparing audit photos.sparing --epsilon 0.02 --out check.csv
    """
    asked = {"epsilon": epsilon, "delta": delta}
    given = {name: value for name, value in asked.items() if value is not None}
    with open_project(project, must_write=not plan) as opened:
        claim, wanted = opened.audits.open_claim, {"epsilon": EPSILON, **given}
        if claim is not None and not plan and not again:
            check_same(claim, given)
        else:
            if claim is not None and not plan:
                _give_up(opened, wanted)
            _catch_up(opened)
            planned = opened.audits.plan(**wanted) if plan else opened.audits.draw(**wanted)
            typer.echo(planned.sentence, err=True)
            if planned.ahead:
                typer.echo(planned.ahead, err=True)
            if planned.note:
                typer.echo(planned.note, err=True)
        if not plan:
            everything = opened.audits.query(len(opened.items))
            _print_items(everything, out, as_json=as_json, nothing=ANSWERED)


def _give_up(opened: "Project", wanted: dict[str, float]) -> None:
    """Leave the open audit, unless a new one could not be drawn."""
    from sparing.errors import PoolExhaustedError

    planned = opened.audits.plan(**wanted)
    if not planned.n_audited:
        raise PoolExhaustedError(planned.sentence)
    opened.audits.resume()


def certify_project(
    project: str | PathLike[str], given: dict[str, Any], verify: Path | None, *, as_json: bool
) -> None:
    """Certify a project whose audit is answered, or recompute one of its certificates.

    Parameters
    ----------
    project : its folder, its source or its URL
    given : what was said of the claim; it has to be that of the audit
    verify : a certificate to recompute
    as_json : whether to print JSON
    """
    if verify is not None:
        _verify(project, verify)
        return
    with open_project(project, must_write=True) as opened:
        check_same(opened.audits.open_claim, given)
        # Asked once more, what was certified is said once more.
        again = None if given or opened.audits.open_claim else opened.status().certificate
        certificate = again or opened.audits.certify()
        since = opened.audits.notes()
        file = opened.folder / "certificates" / f"{certificate.attempt}.json"
    for note in (*certificate.notes, *(f"Since then: {note}" for note in since)):
        typer.echo(note, err=True)
    if as_json:
        typer.echo(certificate.to_json())
        return
    left = f"{certificate.n_handback:,} left to you: 'sparing next' prints them."
    tell_certified(certificate, left)
    typer.echo(f"The certificate is {file}; --verify recomputes it.")


def _verify(project: str | PathLike[str], file: Path) -> None:
    from sparing.cli.certify import print_checks, read_certificate

    certificate = read_certificate(file)
    typer.echo(certificate.statement)
    with open_project(project) as opened:
        checks = opened.audits.verify(certificate)
        since = opened.audits.since(certificate)
    for note in since:
        typer.echo(f"Since then: {note}")
    print_checks(checks, certificate)


def export(
    project: Place,
    out: Annotated[
        Path | None,
        typer.Argument(help="File, or folder for --format folders.", show_default=False),
    ] = None,
    form: Annotated[
        str | None,
        typer.Option(
            "--format",
            help="csv, jsonl, parquet, label-studio, hf, folders; of spans conll, doccano,"
            " prodigy, brat; of boxes coco, yolo, voc, cvat.",
            show_default="by the file's name",
        ),
    ] = None,
    model: Annotated[
        Path | None, typer.Option(help="File for the model, for predict.", show_default=False)
    ] = None,
) -> None:
    """Write all labels with their provenance: person, confirmed, cluster or automatic.

    Cells that a spreadsheet would run as a formula get an apostrophe in front. With --model the
    model of all answers is written too, or alone: 'sparing predict' labels new items with it.

    Example: sparing export photos.sparing labels.csv --model model.npz
    """
    if out is None and model is None:
        raise typer.BadParameter("Say where to write: a file for the labels, or --model.")
    with open_project(project) as opened:
        if out is not None:
            n = opened.files.export(out, form or _form_of(out))
            for note in (*opened.audits.notes(), *opened.files.left_out):
                typer.echo(note, err=True)
            what = "labels" if opened.kind == "class" else "items with an answer"
            typer.echo(f"{n:,} {what} in {out}.", err=True)
        if model is not None:
            _export_model(opened, model)


def _form_of(out: Path) -> str:
    """Return the format that the name of a file means."""
    suffix = out.suffix.lstrip(".").lower()
    return "label-studio" if suffix == "json" else suffix or "folders"


def _export_model(opened: "Project", path: Path) -> None:
    from sparing.cli.progress import stages
    from sparing.models.saved import save_model

    with stages() as progress:
        model = opened.learning.trainee(progress).model()
    save_model(path, model)
    n = model.n_labeled
    typer.echo(f"Model of {n:,} answers in {path}: 'sparing predict {path} NEW'.", err=True)


def agreement(project: Place, as_json: AsJson = False) -> None:
    """Say how far people agree on the items that several of them have answered.

    Example: sparing agreement photos.sparing
    """
    from sparing.cli.team import agreement_json, agreement_lines

    with open_project(project) as opened:
        told, counts = opened.team.agreement(), opened.team.people()
    typer.echo(
        agreement_json(told, counts) if as_json else "\n".join(agreement_lines(told, counts))
    )


def is_project(place: str | PathLike[str]) -> bool:
    """Tell whether a place is the folder or the URL of a project; loads nothing."""
    return "://" in str(place) or Path(place, "project.db").is_file()


def has_project(source: str) -> bool:
    """Tell whether a source has a project."""
    from sparing.project.opening import exists, place_of

    return exists(place_of(source, None))


@contextmanager
def open_project(place: str | PathLike[str], *, must_write: bool = False) -> Iterator["Project"]:
    """Open a project; beside a running page only to look, unless it has to be written."""
    from sparing.cli.progress import say
    from sparing.errors import ConflictError
    from sparing.project import Project
    from sparing.project.opening import place_of

    there = place_of(place, None)
    folder = there.url or there.path
    try:
        project = Project.open(folder)
    except ConflictError as error:
        if must_write:
            raise
        say(f"{error} Shown is what is there.")
        project = Project.open(folder, writable=False)
    with project:
        yield project


def _catch_up(project: "Project") -> None:
    """Learn from the answers so far, unless a page is running: then its trainer does."""
    from sparing.cli.progress import say, stages
    from sparing.errors import SparingError

    if not (
        project.is_writable and project.learning.is_behind() and project.duties.has("training")
    ):
        return
    with stages() as progress:
        try:
            project.retrain(progress)
        except SparingError as error:  # items are asked all the same, and say why
            say(f"sparing: {error}")


def _asked(project: "Project", n: int) -> "list[Asked]":
    if project.phase == "audit":
        return project.audits.query(n)
    if project.phase in ("certified", "hand-back"):
        return project.audits.query_remainder(n)
    return project.query(n)


def _noted(row: "HistoryRow") -> dict[str, Any]:
    answer = row.answer
    label = (answer.class_name or "") if answer else ""
    skipped = answer is not None and answer.class_name is None
    return {
        "item_id": row.item.item_id,
        "item": row.item.name,
        "label": label,
        "skipped": skipped,
        "flagged": row.flagged,
        "comment": row.comment,
    }


def _print_items(
    items: "Sequence[Asked]", out: Path | None, *, as_json: bool, nothing: str
) -> None:
    _print_table([_row(asked) for asked in items], out, as_json=as_json)
    if not items:
        typer.echo(nothing, err=True)
    elif out is not None:
        n = "1 item" if len(items) == 1 else f"{len(items):,} items"
        typer.echo(f"{n} in {out}: fill in the column 'label'.", err=True)


def _print_table(rows: list[dict[str, Any]], out: Path | None, *, as_json: bool) -> None:
    import json

    from sparing.datasets.formulas import csv_text
    from sparing.files import write_atomically

    if as_json:
        text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    else:
        columns = [*dict.fromkeys(column for row in rows for column in row)]
        body = ([row.get(column) for column in columns] for row in rows)
        text = csv_text(columns, body) if rows else ""
    if out is None:
        typer.echo(text, nl=False)
    else:
        write_atomically(out, text.encode())


def _row(asked: "Asked") -> dict[str, Any]:
    guess, confidence, *_ = asked.guess or ("", "")
    row: dict[str, Any] = {
        "item_id": asked.item.item_id,
        "item": asked.item.name,
        "label": "",
        "why": asked.why,
        "guess": guess,
        "confidence": confidence if confidence == "" else round(float(confidence), 4),
        "model_version": "" if asked.model_version is None else asked.model_version,
        "purpose": asked.purpose,
    }
    if asked.item.text is not None:
        row["text"] = asked.item.text
    for name, value in (asked.item.fields or {}).items():
        row.setdefault(name, value)
    return row


def _as_json(stands: "Status") -> str:
    import json
    from dataclasses import asdict

    return json.dumps(asdict(stands), ensure_ascii=False, indent=1)
