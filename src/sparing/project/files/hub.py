"""Finished labels as a data set of Hugging Face: Parquet with its features, and a card.

The card says how many labels are people's and how many a model's, and by which certificate.

References
----------
https://huggingface.co/docs/datasets/repository_structure and, on cards,
https://huggingface.co/docs/hub/datasets-cards
"""

import io
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sparing.datasets.hugging_face import METADATA
from sparing.errors import SourceError
from sparing.files import staging, write_atomically
from sparing.project.files.forms import ExportTable, to_arrow
from sparing.project.files.hub_columns import PARTS, HubColumn, Shared, columns_for_trainers
from sparing.project.source.items import Item

if TYPE_CHECKING:
    import pyarrow as pa

    from sparing.audit.certificate import Certificate

ROWS = "data/train-00000-of-00001.parquet"
MEANT = {
    "person": "given by a person",
    "confirmed": "a model's guess that a person confirmed",
    "cluster": "given by a person to a whole cluster, of which a few items were looked at",
    "settled": "settled by a person where people differ",
    "consensus": "the likeliest where people differ",
    "automatic": "given by a model under the certificate below",
}


def write_hub(
    path: Path, table: ExportTable, shared: Shared, name: str, certificate: "Certificate | None"
) -> None:
    """Write a folder that ``datasets.load_dataset`` opens; it is there whole or not at all.

    Parameters
    ----------
    path : of a folder that is not there yet, or empty
    table : what is exported
    shared : the same rows, with what trainers take
    name : of the project, for the card
    certificate : the one that holds, if one does

    Raises
    ------
    MissingExtraError : pyarrow is not installed
    SourceError : the folder is there already, or cannot be written; a picture cannot be read
    """
    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise SourceError(f"{path} is there already: name a new or an empty folder.")
    rows = _rows(table, shared)
    target = path.resolve()
    with staging(target) as here:
        whole = here / "whole"
        write_atomically(whole / ROWS, rows)
        write_atomically(whole / "README.md", _card(table, name, certificate).encode())
        whole.rename(target)


def _rows(table: ExportTable, shared: Shared) -> bytes:
    """Return the rows as Parquet: labels as trainers take them, a picture as its bytes."""
    whole = to_arrow(table, "data sets of Hugging Face")
    from pyarrow import parquet

    features = {name: _feature(whole.schema.field(name).type) for name in whole.column_names}
    taught = [(_free(n, whole) if n in PARTS else n, *c) for n, *c in columns_for_trainers(shared)]
    for column, values, feature in (*taught, *_shown(shared, whole, table.n_own)):
        features[column] = feature
        place = whole.column_names.index(column) if column in whole.column_names else None
        whole = (
            whole.append_column(column, values)
            if place is None
            else whole.set_column(place, column, values)
        )
    told = {"info": {"features": features}}
    out = io.BytesIO()
    parquet.write_table(whole.replace_schema_metadata({METADATA: json.dumps(told)}), out)
    return out.getvalue()


def _feature(kind: "pa.DataType") -> Any:
    import pyarrow as pa

    if pa.types.is_struct(kind):
        return {field.name: _feature(field.type) for field in kind}
    if pa.types.is_list(kind) and pa.types.is_struct(kind.value_type):
        return [_feature(kind.value_type)]  # a sequence of these would be lists side by side
    if pa.types.is_list(kind):
        return {"feature": _feature(kind.value_type), "_type": "Sequence"}
    plain = {"double": "float64", "float": "float32"}.get(str(kind), str(kind))
    return {"dtype": plain, "_type": "Value"}


def _shown(shared: Shared, whole: "pa.Table", n_own: int) -> Iterator[HubColumn]:
    """Yield the pictures: texts and cells are in columns of the table already.

    A column of the source that only names the files gives way to the pictures.
    """
    import pyarrow as pa

    items = shared.items
    if any(item.kind == "image" for item in items):
        kind = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
        files = [None if item.path is None else item.path.name for item in items]
        beside = whole.column_names[n_own:]
        naming = [name for name in beside if whole.column(name).to_pylist() == files]
        column = naming[0] if naming else _free("image", whole)
        yield column, pa.array([_picture(item) for item in items], kind), {"_type": "Image"}


def _free(name: str, whole: "pa.Table") -> str:
    """Return a name that no column of the source has."""
    return _free(f"{name}_", whole) if name in whole.column_names else name


def _picture(item: Item) -> dict[str, Any] | None:
    if item.path is not None:
        try:
            return {"bytes": item.path.read_bytes(), "path": item.path.name}
        except OSError as error:
            raise SourceError(f"{item.path} cannot be read: {error.strerror}.") from error
    if item.pixels is None:
        return None
    from PIL import Image

    out = io.BytesIO()
    Image.fromarray(item.pixels).save(out, "PNG")
    return {"bytes": out.getvalue(), "path": f"{item.item_id}.png"}


def _card(table: ExportTable, name: str, certificate: "Certificate | None") -> str:
    place = list(table.columns).index("provenance")
    counted = Counter(row[place] for row in table.rows)
    said = [f"| {MEANT[kind]} | {n:,} |" for kind, n in counted.most_common() if kind in MEANT]
    lines = [
        "---",
        "configs:",
        "- config_name: default",
        "  data_files:",
        "  - split: train",
        f"    path: {ROWS}",
        "---",
        "",
        f"# {' '.join(name.split())}",
        "",
        f"{len(table.rows):,} items, labeled with sparing.",
        "Where each label comes from stands in the column `provenance`.",
        "",
        "| label | items |",
        "|---|---|",
        *said,
        f"| none | {counted['']:,} |",
        "",
        "## Certificate",
        "",
        "None: no check of a model vouches for these labels."
        if certificate is None
        else f"{certificate.statement}\n\nIts hash: `{certificate.digest}`",
        "",
    ]
    return "\n".join(lines)
