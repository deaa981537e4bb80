"""No file of a command runs in a spreadsheet; what reads it again sees it as it was."""

import csv

from sparing.cli.app import run
from sparing.cli.poolfiles import read_answers, read_pool, write_table

ID = '=HYPERLINK("http://x.example/{}")'


def test_predict_and_autolabel_disarm_formulas_and_certify_reads_them_back(tmp_path, capsys):
    table = tmp_path / "t.csv"
    with table.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["id", "text", "label"])
        for i in range(20):
            words = f"words about {'cats' if i % 2 else 'stocks'} number {i}"
            rows.writerow([ID.format(i), words, "=1+1" if i % 2 else "+2"])
    model, predicted, labels = (tmp_path / name for name in ("m.npz", "p.csv", "a.csv"))
    compare = ["compare", str(table), "--label-column", "label", "--budget", "4", "--seeds", "2"]
    compare += ["--jobs", "1", "--save-model", str(model), "--out", str(tmp_path / "o")]
    assert run(compare) == 0
    assert run(["predict", str(model), str(table), "--out", str(predicted)]) == 0
    assert run(["autolabel", str(predicted), "--out", str(labels)]) == 0
    for path in (predicted, labels):
        with path.open(newline="") as file:
            cells = [cell for row in csv.reader(file) for cell in row[:2]]
        assert "'" + ID.format(3) in cells
        assert {"'=1+1", "'+2"} & {*cells}
        assert not [cell for cell in cells if cell.startswith(("=", "+"))]
    pool = read_pool(predicted, known=None, classes=None, version=0)
    assert sorted(pool.ids) == sorted(ID.format(i) for i in range(20))
    assert {*pool.predictions.classes.values} <= {"=1+1", "+2"}


def test_answers_are_read_as_they_were_written(tmp_path):
    answers = [("=a", "+b"), ("'tis", "'=c"), ("plain", "-1")]
    write_table(tmp_path / "t.csv", ("id", "label"), answers)
    assert read_answers(tmp_path / "t.csv") == answers
