"""The state of a project: one thread at a time, and no way around the lock."""

import threading
from pathlib import Path
from types import SimpleNamespace

import sparing.project
from sparing.project.locked_state import Guarded

ROOMS = Path(sparing.project.__file__).parent
OF_A_MOMENT = {"commands.py", "framed.py"}  # made and forgotten while the state is held


def test_two_threads_never_hold_the_state_at_once():
    guarded = Guarded(SimpleNamespace(folder="here", steps=[]))
    begun, over = threading.Event(), threading.Event()

    def other():
        begun.set()
        with guarded.held() as state:
            state.steps.append("other")
        over.set()

    with guarded.held() as state:
        threading.Thread(target=other).start()
        assert begun.wait(10)
        with guarded.held() as again:  # who holds it may ask for it once more
            assert again is state
        state.steps.append("first")
    assert over.wait(10)
    assert state.steps == ["first", "other"]


def test_no_part_of_a_project_keeps_the_state():
    keeping = {
        path.name
        for path in ROOMS.rglob("*.py")
        if "self._state = state" in path.read_text("utf-8")
    }
    assert keeping == {"locked_state.py", *OF_A_MOMENT}
