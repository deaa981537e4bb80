"""``sparing autolabel``: the founding article's two ways to label the rest, on files."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sparing.cli.certify import ClassesOption, Known, ModelVersionOption

if TYPE_CHECKING:
    from sparing.audit.autolabel import AutoLabels
    from sparing.cli.poolfiles import AnyPool


def autolabel(
    pool: Annotated[
        Path,
        typer.Argument(help="As for certify: a table of predictions, or .npy."),
    ],
    out: Annotated[Path, typer.Option(help="Table of all labels.")] = Path("labels.csv"),
    how: Annotated[
        str, typer.Option(help="all: at once; first: the most confident first, refitting.")
    ] = "all",
    features: Annotated[
        Path | None,
        typer.Option(help="For 'first': .npy, a row an item, that the model is refitted on."),
    ] = None,
    batch_size: Annotated[int, typer.Option(min=1, help="For 'first': labels a round.")] = 10,
    known: Known = None,
    classes: ClassesOption = None,
    model_version: ModelVersionOption = 0,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the refits.")] = 0,
) -> None:
    """Let the model label all that people have not. It promises nothing: see 'certify'.

    Example: sparing autolabel predictions.csv --known answered.csv --out labels.csv
    """
    from sparing.audit.autolabel import all_at_once
    from sparing.cli.auditfolder import write_labels
    from sparing.cli.poolfiles import read_pool
    from sparing.errors import UnknownNameError

    for given in (pool, known, features):
        if given is not None and given.absolute() == out.absolute():
            raise typer.BadParameter(f"--out {out} would write over what is read: name another.")
    items = read_pool(pool, known=known, classes=classes, version=model_version)
    if how == "all":
        labels = all_at_once(items.predictions)
    elif how == "first":
        labels = _most_confident_first(items, features, batch_size, seed)
    else:
        raise UnknownNameError("way to label", how, ("all", "first"))
    where = write_labels(out, labels, items)
    typer.echo(f"{labels.n_auto:,} labels by the model, with no bound on their error, in {where}.")


def _most_confident_first(
    items: "AnyPool", features: Path | None, batch_size: int, seed: int
) -> "AutoLabels":
    from sparing.audit.autolabel import most_confident_first
    from sparing.cli.poolfiles import PoolFile, load_array
    from sparing.models.choice import default_classifier
    from sparing.models.fitting import fit_classifier
    from sparing.pool.pool import Pool
    from sparing.pool.snapshot import Predict
    from sparing.types import IntArray

    if features is None:
        raise typer.BadParameter("'first' needs --features.")
    if not isinstance(items, PoolFile):
        raise typer.BadParameter("'first' fits the model anew again and again: not over shards.")
    p = items.predictions
    pool = Pool(load_array(features)[items.place], p.y, p.classes)  # type: ignore[arg-type]

    def refit(rows: IntArray, codes: IntArray) -> Predict:
        model = default_classifier(pool.X)
        return fit_classifier(model, pool.X[rows], codes, len(p.classes), seed).predict_proba

    return most_confident_first(pool, refit, batch_size)
