"""What a person does on the page, and waits for, in the tests of every page."""

import pytest

sync_api = pytest.importorskip("playwright.sync_api")


def press(page, key):
    """Press a key and wait until another item, or what stands at the end, is on the screen.

    On a busy machine a test answers sooner than items come: the page then says that one is coming.
    """
    shown = page.evaluate_handle("document.querySelector('#item').firstChild")
    page.keyboard.press(key)
    page.wait_for_function(
        "old => document.querySelector('#item').firstChild !== old"
        " && !document.querySelector('main:has(#item[hidden]) #card .waiting')",
        arg=shown,
    )


def saved(page):
    page.wait_for_selector("#saved[aria-busy=false]")
    sync_api.expect(page.locator("#saved")).to_have_text("All answers saved")


def show_guesses(page):
    """Choose to see guesses: what is asked next comes anew, with them."""
    page.keyboard.press("?")
    page.get_by_label("Show the model's guess").check()
    page.keyboard.press("Escape")
    sync_api.expect(page.locator("#panel")).to_be_hidden()
