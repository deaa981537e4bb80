"""Parquet files, by pyarrow."""

from pathlib import Path

from sparing.datasets.hugging_face import as_table
from sparing.datasets.rows import RawTable
from sparing.errors import MissingExtraError, SourceError
from sparing.memory import check_memory


def read_parquet(path: Path) -> RawTable:
    """Read a Parquet file; classes of Hugging Face's features by their names.

    Raises
    ------
    MissingExtraError : pyarrow is not installed
    SourceError : the file is missing, unreadable or no Parquet, or has no rows
    MemoryBudgetError : it would not fit into memory
    """
    try:
        import pyarrow as pa
        from pyarrow import parquet
    except ImportError as error:
        raise MissingExtraError("pyarrow", "tables", "Parquet files") from error
    if not path.is_file():
        raise SourceError(f"There is no file {path}.")
    try:
        with parquet.ParquetFile(path) as file:
            groups = (file.metadata.row_group(i) for i in range(file.metadata.num_row_groups))
            size = sum(group.total_byte_size for group in groups)
            check_memory(6 * size, f"{path.name}", "read a part of it")
            table = file.read()
    except (pa.ArrowException, OSError) as error:
        raise SourceError(f"{path} is not a Parquet file that can be read: {error}.") from error
    if not table.num_rows:
        raise SourceError(f"{path} has no rows.")
    return as_table(table, path.name)
