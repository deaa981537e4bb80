from sparing.cli.app import run
from sparing.encoders import choice


def test_it_lists_what_is_here_and_how_to_get_more(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setattr(choice, "can_see_photos", lambda: False)
    monkeypatch.setattr(choice, "can_read_texts", lambda: True)
    assert run(["encoders"]) == 0
    said = capsys.readouterr().out
    (photos,) = [line for line in said.splitlines() if line.strip().startswith("efficientnet")]
    assert "with [photos], 45 MB" in photos
    assert "pip install 'sparing[NAME]'" in said
    (texts,) = [line for line in said.splitlines() if line.strip().startswith("minilm")]
    assert "without a flag" in texts
    assert "fetched only when you name it" in said
