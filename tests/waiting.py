"""Waiting for what a test asserts."""

import time

PATIENCE = 240.0  # seconds: a machine may be busy with other things


def until(condition, what="", patience=PATIENCE):
    """Wait until something is so; fail with ``what`` was waited for if it never is."""
    end = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < end, f"waited in vain {what}"
        time.sleep(0.005)  # some states are short
