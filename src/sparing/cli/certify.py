"""``sparing certify``: a stated error bound on a model's labels, in two steps."""

from collections import Counter
from collections.abc import Iterator
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sparing.cli.shards import ClusterAddress, EngineName, Engines, Workers, is_url, working

if TYPE_CHECKING:
    from sparing.audit.audit import Audit, Claim
    from sparing.audit.certificate import Certificate
    from sparing.audit.verification import Check
    from sparing.cli.auditfolder import AuditFolder
    from sparing.cli.poolfiles import AnyPool
    from sparing.types import Label

EPSILON = 0.02
MAYBE_FORGOTTEN = (
    "Or what people had labeled before is missing: if the audit was drawn with --known, give the"
    " same table by --known again."
)
# None where it is not said: an open audit has a claim already.
Epsilon = Annotated[
    float | None, typer.Option(help="Share of wrong labels tolerated.", show_default="0.02")
]
Delta = Annotated[
    float | None,
    typer.Option(help="Probability that the claim may be false.", show_default="0.05"),
]
Known = Annotated[
    Path | None, typer.Option(help="Table id, label: what people had labeled before.")
]
ClassesOption = Annotated[
    str | None, typer.Option(help="Names of the columns of a .npy pool: cat,dog,fox.")
]
ModelVersionOption = Annotated[int, typer.Option(help="Names the model on each of its labels.")]


def certify(
    pool: Annotated[
        str | None,
        typer.Argument(
            help="Table id, predicted, confidence (and label), what 'sparing predict' wrote (of"
            " shards: its folder), .npy of probabilities, or a labeling project whose audit is"
            " answered: its folder, its source or its URL.",
            show_default=False,
        ),
    ] = None,
    epsilon: Epsilon = None,
    delta: Delta = None,
    kind: Annotated[
        str | None,
        typer.Option(
            help="whole: all labels in the end; auto: those by the model alone.",
            show_default="whole",
        ),
    ] = None,
    per_class: Annotated[
        bool, typer.Option("--per-class", help="With --kind auto: for each predicted class.")
    ] = False,
    out: Annotated[Path, typer.Option(help="Folder of the audits.")] = Path("sparing-certify"),
    known: Known = None,
    classes: ClassesOption = None,
    model_version: ModelVersionOption = 0,
    audits: Annotated[
        int | None, typer.Option(min=1, help="Items to audit, not as planned.", show_default=False)
    ] = None,
    again: Annotated[
        bool, typer.Option("--again", help="Draw a new audit; each one is stricter.")
    ] = False,
    verify: Annotated[
        Path | None,
        typer.Option(help="Recompute this certificate, with POOL down to the draw."),
    ] = None,
    workers: Workers = 1,
    engine: Engines = EngineName.LOCAL,
    address: ClusterAddress = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the certificate.")] = False,
) -> None:
    """Certify a model's labels: draw an audit, and once it is answered state the error bound.

    First run: draws items into OUT/audit-1.csv; fill in its column 'label' without looking at the
    predictions (more people: columns label_2, ...). Second run: writes OUT/certificate.json,
    OUT/labels.csv and OUT/handback.csv, the items that are left to you.

    Of the labels of shards, --workers read and check the files.

    Example: sparing certify predictions.csv --epsilon 0.02 --out audit
    """
    from sparing.audit.audit import Claim
    from sparing.cli.auditfolder import AuditFolder
    from sparing.cli.poolfiles import read_pool
    from sparing.cli.projects import certify_project, has_project, is_project
    from sparing.errors import SourceError
    from sparing.sharded.labeled import has_labels_of_shards
    from sparing.sharded.places import place_of

    asked: dict[str, Any] = {
        "epsilon": epsilon,
        "delta": delta,
        "kind": kind,
        "per_class": per_class or None,
    }
    given = {name: value for name, value in asked.items() if value is not None}
    of_a_pool = {"--known": known, "--classes": classes, "--audits": audits, "--again": again}
    items = None
    is_spread = workers > 1 or engine is not EngineName.LOCAL
    is_remote = pool is not None and is_url(pool)
    if is_spread and not (pool and (is_remote or has_labels_of_shards(Path(pool)))):
        raise typer.BadParameter("--workers, --engine are for labels of shards.")
    if pool is not None and (is_remote or not is_project(pool)):
        try:
            with working(engine, workers, address) as used:
                items = read_pool(
                    place_of(pool), known=known, classes=classes, version=model_version, engine=used
                )
        except SourceError:
            if is_remote or not has_project(pool):
                raise
    if pool is not None and items is None:
        if wrong := next((name for name, value in of_a_pool.items() if value), None):
            raise typer.BadParameter(f"{wrong} is for a table or .npy, not for a project.")
        certify_project(pool, given, verify, as_json=as_json)
        return
    if verify is not None:
        _verify(verify, items, has_known=known is not None)
        return
    if items is None:
        raise typer.BadParameter("POOL is missing.")
    folder = AuditFolder(out)
    folder.refuse_own(str(pool))
    drawn = folder.audits()
    if not drawn or again:
        claim = Claim(**{"epsilon": EPSILON, **given})
        _draw(folder, items, claim, n_audit=audits, previous=drawn)
    else:
        check_same(drawn[-1].claim, given)
        _certify(folder, items, drawn[-1], has_known=known is not None, as_json=as_json)


def _draw(
    folder: "AuditFolder",
    items: "AnyPool",
    claim: "Claim",
    *,
    n_audit: int | None,
    previous: "tuple[Audit, ...]",
) -> None:
    from sparing.audit.cost.labels_ahead import plan_ahead
    from sparing.audit.sampling import draw_audit
    from sparing.errors import InvalidInputError

    if previous and (new := folder.keep_answers(items)):
        raise InvalidInputError(
            f"{new:,} items have an answer in {folder.path}, and the pool has no label of them: the"
            f" model's would stand in its place. Give the answers by --known {folder.known}."
        )
    plan = plan_ahead(items.predictions, claim, attempt=len(previous) + 1)
    wanted, cut = plan.n_audit, plan.cut
    if n_audit is None:
        typer.echo(plan.sentence, err=True)
        if plan.more_labels:
            typer.echo(plan.ahead, err=True)
    elif claim.per_class:
        raise typer.BadParameter("--audits cannot be shared among classes: leave it out.")
    else:
        wanted, cut = n_audit, 0.0
    if plan.note:
        typer.echo(plan.note, err=True)
    if not wanted:
        raise typer.Exit(1)
    audit = draw_audit(items.predictions, wanted, claim=claim, cut=cut, previous=previous)
    _check_may_prove(items, audit, claim)
    folder.add(audit, items)
    folder.put_aside(len(previous))
    typer.echo(f"Fill in the column 'label' of {folder.answers_of(audit)}, then run this again.")
    if len(audit.looks) > 1:
        typer.echo(f"The first {audit.looks[0]:,} lines may be enough: run it again after them.")


def _check_may_prove(items: "AnyPool", audit: "Audit", claim: "Claim") -> None:
    """Refuse a draw that proves nothing even if the model is always right: it would be in vain."""
    import numpy as np

    from sparing.audit.certifying import certify
    from sparing.audit.findings import judge
    from sparing.errors import InvalidInputError

    p = items.predictions
    right = ((row, p.classes.values[p.codes[row]]) for row in audit.drawn.tolist())
    some_left = len(audit.drawn) < np.count_nonzero(audit.eligible)
    if some_left and not certify(p, audit, judge(audit, p, right)).n_auto:
        raise InvalidInputError(
            f"{len(audit.drawn):,} items are too few to show {100 * claim.epsilon:g} %, even"
            " without an error: give --audits more, or leave it out."
        )


def check_same(claim: "Claim | None", given: dict[str, Any]) -> None:
    """Refuse a claim that is not the one that the open audit was drawn for."""
    from sparing.errors import InvalidInputError

    for name, value in given.items():
        drawn_for = getattr(claim, name, value)
        if value != drawn_for:
            option = f"--{name.replace('_', '-')}"
            raise InvalidInputError(
                f"The open audit was drawn for {option} {drawn_for}, which is fixed. Got {value}:"
                " leave it out, or draw a new audit with --again."
            )


def _certify(
    folder: "AuditFolder", items: "AnyPool", audit: "Audit", *, has_known: bool, as_json: bool
) -> None:
    from sparing.audit.autolabel import certified
    from sparing.cli.auditfolder import phase_of
    from sparing.cli.meant import as_meant
    from sparing.errors import InvalidInputError, VoidAuditError
    from sparing.pool.class_names import renamed

    _check_bound(audit, items)
    try:
        audit.check(items.predictions)
    except VoidAuditError as error:
        forgotten = "" if has_known else f" {MAYBE_FORGOTTEN}"
        raise VoidAuditError(f"{error} --again does; or give the old POOL.{forgotten}") from error
    written, origins = folder.said(audit, items)
    answers = as_meant(items.predictions, written)
    if not any(label for _, label in answers):
        table = folder.answers_of(audit)
        raise InvalidInputError(f"No answer yet: fill in the column 'label' of {table}.")
    done = certified(items.predictions, audit, answers, origins)
    certificate = done.certificate
    if certificate is None:
        raise InvalidInputError("The audit was drawn without a claim.")
    complete, n_unused = folder.save(done, certificate, items)
    labels = ([str(label) if label else None for _, label in said] for said in (written, answers))
    for note in (*certificate.notes, *renamed(*labels), *_unknown(items, answers)):
        typer.echo(note, err=True)
    if n_unused:
        typer.echo(
            f"Labels in {folder.remainder} of items that are not handed back: {n_unused:,}. They"
            " stay there, and are not used.",
            err=True,
        )
    if as_json:
        typer.echo(certificate.to_json())
        return
    tell_certified(certificate, f"{len(complete.remainder):,} left to you in {folder.remainder}.")
    if certificate.majority is not None:
        typer.echo(
            "For comparison: with the commonest class for all that no person has labeled, at most"
            f" {100 * certificate.majority:.1f} % of all labels would be wrong."
        )
    more = _worth_answering(items, audit, answers)
    if more:
        typer.echo(
            f"Or go on to line {more:,} of {folder.answers_of(audit)}: it may leave you less."
        )
    typer.echo(f"Phase: {phase_of(complete, (audit,)).value}. See {folder.certificate}.")


def _check_bound(audit: "Audit", items: "AnyPool") -> None:
    """Refuse an audit of shards that was drawn before their ids were frozen with it."""
    from sparing.cli.poolfiles import PoolFile

    if not isinstance(items, PoolFile):
        items.check_bound(audit.predictions)


def tell_certified(certificate: "Certificate", left: str) -> None:
    """Print what is certified, and by whom the labels are; ``left`` says how many are to be given.

    The number of those is not always that of the certificate: some may be given since.
    """
    typer.echo(certificate.statement)
    typer.echo(
        f"{certificate.n_by_people:,} labels by people, {certificate.n_auto:,} by the model, {left}"
    )


def _unknown(items: "AnyPool", answers: "list[tuple[int, Label | None]]") -> Iterator[str]:
    """Yield a note on each label that no prediction has: it may be a slip of the pen."""
    known = items.predictions.classes.values
    counts = Counter(label for _, label in answers if label and label not in known)
    for label, n in counts.items():
        spelled = {str(value).casefold(): value for value in known}
        close = get_close_matches(str(label).casefold(), spelled, n=1)
        hint = f" Is it '{spelled[close[0]]}'?" if close else ""
        answers_count = "answers count" if n > 1 else "answer counts"
        yield f"The model knows no class '{label}': {n:,} {answers_count} against it.{hint}"


def _worth_answering(
    items: "AnyPool", audit: "Audit", answers: "list[tuple[int, Label | None]]"
) -> int:
    """Return the line of the table down to which answers may save some; 0 if it is enough."""
    from sparing.audit.early_stop import audits_needed
    from sparing.audit.findings import judge

    answered = {row for row, label in answers if label}
    places = [place for place, row in enumerate(audit.drawn.tolist(), 1) if row in answered]
    found = judge(audit, items.predictions, answers)
    needed = audits_needed(items.predictions, audit, found, places[-1])
    return needed + 1 if needed > places[-1] else 0  # its first line is the header


def _verify(file: Path, items: "AnyPool | None", *, has_known: bool) -> None:
    from sparing.audit.verification import verify
    from sparing.cli.auditfolder import AuditFolder
    from sparing.cli.meant import as_meant
    from sparing.errors import InvalidInputError

    certificate = read_certificate(file)
    typer.echo(certificate.statement)
    if items is None:
        checks = verify(certificate)
        typer.echo(
            "Its numbers alone were looked at. With POOL, draw and answers are, too.",
            err=True,
        )
    else:
        folder = AuditFolder(file.parent)
        found = [audit for audit in folder.audits() if audit.digest == certificate.audit]
        if not found:
            raise InvalidInputError(f"The audit of {file} is not in {file.parent}.")
        _check_bound(found[0], items)
        written, origins = folder.said(found[0], items)
        answers = as_meant(items.predictions, written)
        checks = verify(certificate, items.predictions, found[0], answers, origins)
        if answers != written and not all(check.ok for check in checks):
            # Certificates of before count 1.0 against a model that says 1.
            before = verify(certificate, items.predictions, found[0], written, origins)
            if all(check.ok for check in before):
                answers, checks = written, before
        if items.predictions.digest != found[0].predictions:
            # The labels come from other predictions: nothing is there to compare them with.
            typer.echo(
                "POOL is not what the audit was drawn from: the model, its predictions or the"
                " labels changed since.",
                err=True,
            )
            if not has_known:
                typer.echo(MAYBE_FORGOTTEN, err=True)
        else:
            of_labels = folder.check_labels(certificate, file, found[0], items, answers)
            checks += of_labels
            if not of_labels:
                name = folder.labels_of(file, items).name
                typer.echo(f"{name} is not there: its labels are not compared.", err=True)
    print_checks(checks, certificate)


def read_certificate(file: Path) -> "Certificate":
    """Read a certificate; an error names the file."""
    from sparing.audit.certificate import Certificate
    from sparing.datasets.decoding import read_text
    from sparing.errors import InvalidInputError

    text = read_text(file)[0]
    try:
        return Certificate.from_json(text)
    except InvalidInputError as error:
        raise InvalidInputError(f"{file}: {error}") from error


def print_checks(checks: "tuple[Check, ...]", certificate: "Certificate") -> None:
    """Print what was recomputed, and what cannot be; exit with 1 if anything is not as it says."""
    from sparing.audit.wording import not_checked

    for check in checks:
        typer.echo(f"{'ok    ' if check.ok else 'FAILED'} {check.what}")
    typer.echo("Nobody can check:")
    for what in not_checked(certificate):
        typer.echo(f"- {what}")
    if not all(check.ok for check in checks):
        raise typer.Exit(1)
