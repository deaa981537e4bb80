"""A folder with all audits of a data set: what was drawn, what was answered, what came of it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sparing.audit.audit import Audit, Phase
from sparing.audit.autolabel import (
    HANDED_BACK,
    MODEL,
    SOURCES,
    AutoLabels,
    as_certified,
    with_audited,
)
from sparing.audit.certificate import Certificate, Origins
from sparing.audit.findings import judge
from sparing.audit.verification import Check
from sparing.cli.meant import as_meant
from sparing.cli.poolfiles import (
    ID,
    LABEL,
    AnyPool,
    PoolFile,
    Table,
    agreed,
    answers_by_column,
    is_blank,
    read_answers,
    read_pool_table,
    write_table,
)
from sparing.errors import InvalidInputError, SourceError, VoidAuditError
from sparing.files import write_atomically
from sparing.pool.pool import UNLABELED
from sparing.types import Label

COLUMNS = ("id", "label", "source", "model_version", "confidence", "certificate")


@dataclass(frozen=True, slots=True)
class AuditFolder:
    """The files of a certification.

    ``audit-1.json`` is the first draw, ``audit-1.csv`` the table that the person fills in, and so
    on; ``certificate.json``, ``labels.csv`` and ``handback.csv`` belong to the last, and have the
    number of the draw in their names once another one is drawn. ``known.csv`` has what people have
    said in these tables.
    """

    path: Path

    @property
    def certificate(self) -> Path:
        """The file of the certificate."""
        return self.path / "certificate.json"

    @property
    def labels(self) -> Path:
        """The file of all labels with their provenance."""
        return self.path / "labels.csv"

    @property
    def remainder(self) -> Path:
        """The table of items that the person is still to label."""
        return self.path / "handback.csv"

    @property
    def known(self) -> Path:
        """The table of what people have said here, for the next draw."""
        return self.path / "known.csv"

    def draw_of(self, attempt: int) -> Path:
        """Return the file of a draw."""
        return self.path / f"audit-{attempt}.json"

    def answers_of(self, audit: Audit) -> Path:
        """Return the table that the person fills in."""
        return self.path / f"audit-{audit.attempt}.csv"

    def audits(self) -> tuple[Audit, ...]:
        """Return all audits drawn so far, oldest first.

        Raises
        ------
        VoidAuditError : one was changed after it was drawn
        InvalidInputError : one is missing: a later one names it
        """
        names = (re.fullmatch(r"audit-(\d+)\.json", f.name) for f in self.path.glob("audit-*.json"))
        last = max((int(name[1]) for name in names if name), default=0)
        found: list[Audit] = []
        for file in map(self.draw_of, range(1, last + 1)):
            if not file.exists():
                raise InvalidInputError(
                    f"{file} is missing: put it back. Every audit has spent its share of delta, so"
                    " none may be left out."
                )
            audit = _read_audit(file)
            if audit.previous != tuple(a.digest for a in found):
                raise InvalidInputError(f"{file} does not follow the audits before it.")
            found.append(audit)
        return tuple(found)

    def add(self, audit: Audit, pool: AnyPool) -> None:
        """Write a draw and the table for its answers; the model's guess is not shown in it.

        Raises
        ------
        InvalidInputError : there is a table with answers to another draw of this number
        """
        table, file = self.answers_of(audit), self.draw_of(audit.attempt)
        if table.exists() and any(label for _, label in read_answers(table)):
            raise InvalidInputError(
                f"{table} has answers, but {file} with its draw is missing: put it back."
            )
        # The table first: an audit without one could not be answered.
        write_table(table, (ID, LABEL), [(name, "") for name in pool.names_of(audit.drawn)])
        write_atomically(file, audit.to_json().encode())

    def said(self, audit: Audit, pool: AnyPool) -> tuple[list[tuple[int, Label | None]], Origins]:
        """Read the answers as written, by row, and who gave each, as far as the table tells."""
        path = self.answers_of(audit)
        given = answers_by_column(path)
        row_of = pool.rows_of({name for _, name, _ in given})
        drawn = set(audit.drawn.tolist())
        for _, name, _ in given:
            if name not in row_of:
                raise InvalidInputError(f"{path} answers for '{name}', which is not in the pool.")
            if row_of[name] not in drawn:
                raise InvalidInputError(
                    f"{path} answers for '{name}', which was not drawn: take its line out. Only"
                    " what the lottery drew can prove anything."
                )
        by_whom = [(row_of[name], f"{who}: {label}") for who, name, label in given if label]
        return [(row_of[name], label) for _, name, label in given], Origins(by_whom)

    def refuse_own(self, pool: str) -> None:
        """Refuse labels of shards that lie where the certified ones come, which would replace them.

        Raises
        ------
        InvalidInputError : they do
        """
        where = Path(pool.removeprefix("file://"))
        if where.resolve() == self.labels.with_suffix("").resolve():
            raise InvalidInputError(
                f"{pool} is where the certified labels come: name another folder by --out."
            )

    def labels_of(self, certificate: Path, pool: AnyPool) -> Path:
        """Return the file of the labels that belong to a certificate; of shards the folder."""
        name = certificate.name.replace("certificate", "labels")
        return certificate.with_name(name).with_suffix(suffix_of(pool))

    def check_labels(
        self,
        certificate: Certificate,
        file: Path,
        audit: Audit,
        pool: AnyPool,
        answers: Sequence[tuple[int, Label | None]],
    ) -> tuple[Check, ...]:
        """Compare the labels beside a certificate with those that it covers; none: no check."""
        labels = self.labels_of(file, pool)
        if not labels.exists():
            return ()
        found = judge(audit, pool.predictions, answers)
        first = found.first(certificate.n_audited)
        then = as_certified(certificate, pool.predictions, audit, first)
        # Answers beyond the look are the person's; the labels have those that were there by then.
        forms = (then, with_audited(then, audit, found))
        if isinstance(pool, PoolFile):
            same = _has_labels(read_pool_table(labels), [label_rows(form, pool) for form in forms])
        else:
            same = pool.has_labels(labels, forms)
        return (Check(f"{labels.name} has the labels that were certified", same),)

    def save(
        self, done: AutoLabels, certificate: Certificate, pool: AnyPool
    ) -> tuple[AutoLabels, int]:
        """Write certificate, labels and hand-back table; what was filled in there is kept.

        Returns
        -------
        the labels with those of the hand-back, and how many that were filled in are for items that
        are not handed back any more: these stay in the table, and nowhere else
        """
        filled = self._filled_in(pool)
        given = {row: label for row, label in filled.items() if done.codes[row] == UNLABELED}
        complete = done.with_remainder(list(given), list(given.values())) if given else done
        order = done.remainder[
            np.argsort(pool.predictions.confidence[done.remainder], kind="stable")
        ]
        kept = np.array(sorted(filled.keys() - given.keys()), dtype=np.int64)
        rows = np.concatenate([order, kept])
        # One after the other: of shards there may be millions.
        named = zip(pool.names_of(rows), map(int, rows), strict=True)
        write_table(
            self.remainder, (ID, LABEL), ((name, filled.get(row, "")) for name, row in named)
        )
        write_labels(self.labels, complete, pool)
        write_atomically(self.certificate, certificate.to_json().encode())
        return complete, len(filled) - len(given)

    def _filled_in(self, pool: AnyPool) -> dict[int, Label]:
        """Return the labels in the hand-back table, by row."""
        path = self.remainder
        if not path.exists() or is_blank(path):  # nothing was handed back
            return {}
        labels = agreed(as_meant(pool.predictions, read_answers(path)), str(path))
        rows = pool.rows_of(labels)
        if unknown := labels.keys() - rows.keys():
            raise InvalidInputError(
                f"{path} answers for '{min(unknown)}', which is not in the pool."
            )
        return {row: labels[name] for name, row in rows.items()}

    def keep_answers(self, pool: AnyPool) -> int:
        """Write what people said in all tables here, with all that the pool knows, as one table.

        Of an item on which they differ nothing is known.

        Returns
        -------
        how many items the pool has no label of, and the table has; 0: it is not written
        """
        tables = [*self.path.glob("audit-*.csv"), *self.path.glob("handback*.csv")]
        said: dict[str, set[str]] = {}
        for table in tables:
            written = [] if is_blank(table) else read_answers(table)
            for name, label in as_meant(pool.predictions, written):
                if label:
                    said.setdefault(name, set()).add(label)
        sure = {name: min(labels) for name, labels in said.items() if len(labels) == 1}
        p, row_of = pool.predictions, pool.rows_of(sure)
        new = {name: sure[name] for name, row in row_of.items() if p.y[row] == UNLABELED}
        if new:
            rows = np.flatnonzero(p.y != UNLABELED)
            labels = (str(p.classes.values[code]) for code in p.y[rows].tolist())
            before = zip(pool.names_of(rows), labels, strict=True)
            write_table(self.known, (ID, LABEL), [*before, *new.items()])
        return len(new)

    def put_aside(self, attempt: int) -> None:
        """Give what an audit led to its number: a new one is drawn."""
        of_shards = self.labels.with_suffix("")
        for file in (self.certificate, self.labels, of_shards, self.remainder):
            if file.exists():
                file.replace(file.with_stem(f"{file.stem}-{attempt}"))


def _read_audit(file: Path) -> Audit:
    try:
        return Audit.from_json(file.read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise SourceError(f"{file} cannot be read: {error}.") from error
    except VoidAuditError as error:
        raise VoidAuditError(f"{file}: {error}") from error


def phase_of(done: AutoLabels | None, audits: tuple[Audit, ...]) -> Phase:
    """Say where a certification stands."""
    if done is not None:
        return Phase.HANDBACK if len(done.remainder) else Phase.DONE
    return Phase.AUDIT if audits else Phase.LABEL


def write_labels(path: Path, labels: AutoLabels, pool: AnyPool) -> Path:
    """Write every label and where it came from, in the order of the pool's own file.

    Returns
    -------
    where they are: those of shards are in a folder that is called so without the suffix
    """
    path = path.with_suffix(suffix_of(pool))
    if not isinstance(pool, PoolFile):
        pool.write_labels(path, labels)
        return path
    rows = label_rows(labels, pool)
    write_table(path, COLUMNS, [rows[i] for i in np.argsort(pool.place).tolist()])
    return path


def suffix_of(pool: AnyPool) -> str:
    """Return how what holds the labels ends: a table, or of shards a folder."""
    return ".csv" if isinstance(pool, PoolFile) else ""


def label_rows(labels: AutoLabels, pool: PoolFile) -> list[tuple[str, ...]]:
    """Return a row of text for each item, with the columns of the table of labels."""
    by_model = labels.origin == MODEL
    name = labels.certificate.digest[:16] if labels.certificate else ""
    version = str(labels.model_version)
    return list(
        zip(
            pool.ids,
            ["" if value is None else str(value) for value in labels.labels()],
            labels.source.tolist(),
            np.where(by_model, version, "").tolist(),
            [f"{c:.6g}" if c == c else "" for c in labels.confidence.tolist()],
            np.where(by_model, name, "").tolist(),
            strict=True,
        )
    )


def _has_labels(table: Table, forms: Sequence[Sequence[tuple[str, ...]]]) -> bool:
    """Tell whether each item has one line, in one of its forms or labeled since."""
    written = sorted(zip(*(table.column(name) for name in COLUMNS), strict=True))
    expected = sorted(zip(*forms, strict=True))
    # Each item once: a line of another item in place of its own would be as many lines.
    return [row[0] for row in written] == [rows[0][0] for rows in expected] and all(
        row in rows or any(_is_handed_back(row, one) for one in rows)
        for row, rows in zip(written, expected, strict=True)
    )


def _is_handed_back(written: tuple[str, ...], expected: tuple[str, ...]) -> bool:
    """Tell whether a row was left to a person, who has labeled it since."""
    has_none = expected[1:3] == ("", "")
    return has_none and written[2] == SOURCES[HANDED_BACK] and not any(written[3:])
