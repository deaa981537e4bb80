"""A labeling session from the first item to a backup; says at the end what came of it."""

import sys
import time
from pathlib import Path

import sparing.system
from sparing.errors import ConflictError
from sparing.project import Project
from sparing.project.backups.backup import backup
from sparing.project.backups.restore import restore
from sparing.project.learning.process import Trainer


def answered(project: Project, n: int) -> None:
    asked = project.query(n)
    project.teach({a.item.item_id: a.item.item_id.split("/")[0] for a in asked})


def learned(project: Project, trainer: Trainer) -> None:
    """Wait until the trainer has learned from every answer: its child replaces files."""
    before = project.learning.version
    trainer.wake()
    while project.learning.version == before or project.learning.is_behind():
        status = trainer.status()
        if status.state == "failed":
            raise SystemExit(status.message)
        time.sleep(0.05)


def held_by_another(folder: Path) -> str:
    try:
        Project.open(folder).close()
    except ConflictError as error:
        return str(error)
    return "nobody"


def main(photos: Path) -> None:
    assert sparing.system.WINDOWS
    with Project.create(photos, classes=["dark", "light"]) as project:
        project.where.announce("http://127.0.0.1:1/")
        print(held_by_another(project.folder))
        trainer = Trainer(project.learning, project.map)
        trainer.start()
        for _ in range(3):
            answered(project, 4)
            learned(project, trainer)
        trainer.stop()
        folder = project.folder
    with Project.open(folder) as project:
        project.files.export(photos.parent / "labels.csv")
        print(f"{project.status().n_labeled} labeled")
    backup(folder, photos.parent / "kept.backup")
    restore(photos.parent / "kept.backup", photos.parent / "again.sparing")
    with Project.open(photos.parent / "again.sparing", writable=False) as project:
        print(f"{project.status().n_labeled} restored")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
