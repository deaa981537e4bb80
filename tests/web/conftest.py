"""A stand-in for a project, so that the door is tested apart from the engine; a real browser."""

import asyncio
import os
import re
import shutil
import socket
import threading
import warnings
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from sparing.audit.audit import Phase
from sparing.errors import NotFoundError
from sparing.project import Project
from sparing.project.learning.guesses import Guess
from sparing.project.source.items import Item
from sparing.project.views import Asked, Disagreement, Guidelines, Recorded, Status
from sparing.stats.agreement import Agreement
from sparing.web.app import create_app
from sparing.web.connections import Listener
from sparing.web.serving import server

with warnings.catch_warnings():  # Starlette would rather have httpx2; schemathesis brings httpx
    warnings.simplefilter("ignore")
    from starlette.testclient import TestClient

BASE = "http://127.0.0.1:8123"
CHROMIUM = [Path("/usr/lib/chromium/chromium-headless-shell"), Path("/usr/bin/chromium")]
"""The first without its windows and toolbars: a page costs a fifth of the other's work."""
SWITCHES = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
PATIENCE = 120_000  # ms until what is waited for counts as missing: the machine may be busy
SLOW = float(os.environ.get("SPARING_SLOW", "0"))  # s that an answer may take longer, drawn anew
THROTTLED = 6  # times slower than this machine is a page of slow tests
SAME_ORIGIN = {"origin": BASE, "sec-fetch-site": "same-origin"}


class StandIn:
    """Says the same few things always, of whatever items a test puts in."""

    id, name, phase = "stand-in", "photos", Phase.LABEL
    places = (("cat", 0), ("dog", 1))

    def __init__(self, folder, items):
        self.folder = folder
        said = "not very secret"
        self.where = SimpleNamespace(root=folder, follows_links=False, secret=said)
        self._by_id = {item.item_id: item for item in items}
        self.items = SimpleNamespace(get=self._get)
        self.audits = SimpleNamespace(query=self.query, query_remainder=self.query)
        self.team = TeamStandIn(self)
        self.files = SimpleNamespace(export_apart=self._export)
        self.events = []

    def _get(self, item_id):
        if item_id not in self._by_id:
            raise NotFoundError(f"There is no item '{item_id}'.")
        return self._by_id[item_id]

    def asked(self, item_id, annotator=""):
        return Asked(self._get(item_id), "because", "strategy", None, 1, Guess("cat", 0.9))

    def query(self, n, exclude=(), annotator=""):
        ids = [i for i in self._by_id if i not in set(exclude)]
        return [self.asked(item_id) for item_id in ids[:n]]

    def record(self, events):
        self.events += events
        return [Recorded(e.key, len(self.events), "stored") for e in events]

    def status(self, annotator=""):
        return Status(
            n_items=len(self._by_id), n_labeled=0, n_skipped=0, n_left=len(self._by_id),
            n_flagged=0, class_counts={}, phase=self.phase, accuracy=None, curve=(),
            advice=(False, "Go on."), model_version=0, n_learned=0, n_behind=0, encoded=(0, 0),
            trainer=("off", ""), notes=(), audit=None, certificate=None, n_remainder_left=0, seq=0,
        )  # fmt: skip

    def history(self, search, offset, limit, annotator=""):
        return 0, []

    def look_again(self, limit, annotator=""):
        return [(self.asked(i), "unlikely") for i in self._by_id]

    def _export(self, path, kind, annotator):
        Path(path).write_text(f"item for {annotator}\n", encoding="utf-8")


class TeamStandIn:
    """Two people who differ on everything."""

    def __init__(self, project):
        self._project = project

    overlap = 0.1
    may_add_classes = True

    def set_may_add_classes(self, may):
        self.may_add_classes = may

    def people(self):
        return {"Ada": 3}

    def agreement(self):
        return Agreement(0, "No item has two labels.")

    def disagreements(self):
        votes = (("Ada", "cat"), ("Ben", None))
        return [
            Disagreement(self._project.asked(i), votes, Guess("cat", 0.5), False, (None, None))
            for i in self._project._by_id
        ]

    def guidelines(self):
        return [Guidelines(1, "k", "2026-01-01T00:00:00+00:00", "Ada", "Look twice.")]

    def set_guidelines(self, text, annotator, seen):
        self.said = (text, annotator, seen)


@pytest.fixture
def project(tmp_path):
    texts = [Item(f"t{i}", f"line {i}", "text", text=f"text {i}") for i in range(3)]
    return StandIn(tmp_path, texts)


@contextmanager
def entered(project):
    app = create_app(project)
    with TestClient(app, base_url=BASE, headers=SAME_ORIGIN) as browser:
        assert browser.post("/session", json={"token": app.state.door.token}).status_code == 204
        yield browser


@pytest.fixture(name="enter")
def enter_fixture():
    """Lets a browser into the page of a project."""
    return entered


@pytest.fixture
def client(project):
    """A browser that came in by the link."""
    with entered(project) as browser:
        yield browser


def made_of_notes(folder):
    """Make a project of sixty texts."""
    table = folder / "notes.csv"
    lines = [f"{'warm sun' if i % 2 else 'cold rain'} number {i}" for i in range(60)]
    table.write_text("\n".join(["text", *lines]), encoding="utf-8")
    return Project.create(table, classes=["good", "bad"])


@pytest.fixture
def real(tmp_path):
    """The same, on a real project of sixty texts."""
    with made_of_notes(tmp_path) as made, entered(made) as browser:
        yield browser


@pytest.fixture(scope="session")
def learned_folder(tmp_path_factory):
    """The folder of such a project and its source, once it has learned; to be copied."""
    folder = tmp_path_factory.mktemp("learned")
    with made_of_notes(folder) as made:
        made.retrain()
    return folder


@pytest.fixture
def learned(learned_folder, tmp_path):
    """A browser on a project of its own that has learned."""
    shutil.copytree(learned_folder, tmp_path / "copy")
    folder, source = tmp_path / "copy" / "notes.csv.sparing", tmp_path / "copy" / "notes.csv"
    with Project.open(folder, source=source) as made, entered(made) as browser:
        yield browser


@pytest.fixture
def stranger(project):
    """A browser that did not."""
    with TestClient(create_app(project), base_url=BASE) as browser:
        yield browser


@pytest.fixture(scope="module")
def browser():
    """Start the real browser, where it is installed."""
    sync_api = pytest.importorskip("playwright.sync_api")
    chromium = next((path for path in CHROMIUM if path.exists()), None)
    if chromium is None:
        pytest.skip(f"{CHROMIUM[-1]} is not installed")
    sync_api.expect.set_options(timeout=PATIENCE)
    with sync_api.sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=str(chromium), args=SWITCHES)

        def new_context(**options):
            context = started.new_context(**options)
            context.set_default_timeout(PATIENCE)
            if SLOW:
                context.on("page", throttled)
            return context

        yield SimpleNamespace(new_context=new_context)
        started.close()


def throttled(page):
    rate = {"rate": THROTTLED}
    page.context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", rate)


def slowed(app):
    """Let each answer of an application begin and end late, as on a busy machine."""
    draw = np.random.default_rng().uniform

    async def late(scope, receive, send):
        async def sent(message):
            if message["type"] == "http.response.start":
                await asyncio.sleep(draw(0, SLOW / 2))
            await send(message)

        if scope["type"] == "http" and not scope["path"].startswith("/static/"):
            await asyncio.sleep(draw(0, SLOW / 2))
            await app(scope, receive, sent)
        else:
            await app(scope, receive, send)

    return late


@contextmanager
def serving(app, port=0, **options):
    """Serve an application on a port of this machine, from a thread."""
    app = slowed(app) if SLOW else app
    listener = Listener()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    listener.listen()
    running = server(app, timeout_graceful_shutdown=1, **options)
    thread = threading.Thread(target=running.run, args=([listener],))
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        running.should_exit = True
        thread.join()
        listener.close()


@pytest.fixture
def served():
    return serving


class Door:
    """A project that is served, and browsers that may come in: one, and one more a person."""

    def __init__(self, project, app, base, new_context):
        self.project, self.app, self.base = project, app, base
        self._new_context, self.context = new_context, new_context()
        self.requests, self.errors = [], []

    def enter(self, name=None, path=""):
        """Open a page in a browser of its own, as a person who tells a name or keeps it."""
        page = self.page(path, self._new_context())
        page.wait_for_selector("#item .text")
        if name is not None:
            page.get_by_label("Your name", exact=True).fill(name)
            page.keyboard.press("Enter")
            page.get_by_role("button", name=f"You: {name}").wait_for()
        return page

    def page(self, path="", context=None):
        page = (context or self.context).new_page()
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", lambda said: self._console(said.text))
        page.goto(f"{self.base}{path}#{self.app.state.door.token}")
        return page

    def _console(self, text):
        if "Content Security Policy" in text or "Trusted" in text:
            self.errors.append(text)

    def labels(self):
        answers = [row.answer for row in self.project.history(limit=1000)[1]]
        return {a.item_id: a.class_name for a in answers if a.kind == "label"}


@pytest.fixture
def door(browser, tmp_path):
    """Open the page of a source; all that went wrong in the browser fails the test at its end."""
    with ExitStack() as stack:

        def enter(
            source, classes=("cat", "dog"), *, train=False, encoder=None, kind=None, **options
        ):
            made = Project.at(source, classes=classes, encoder=encoder, kind=kind)
            project = stack.enter_context(made)
            if train:
                project.retrain()
            app = create_app(project)
            port = stack.enter_context(serving(app))

            def new_context():
                return stack.enter_context(browser.new_context(**options))

            opened = Door(project, app, f"http://127.0.0.1:{port}/", new_context)
            stack.callback(nothing_went_wrong, opened)
            return opened

        yield enter


def nothing_went_wrong(door):
    assert door.errors == []
    elsewhere = [url for url in door.requests if not url.startswith(door.base)]
    assert elsewhere == []


@pytest.fixture
def photos(tmp_path):
    """Twelve pictures of noise, half of them reddish."""
    folder = tmp_path / "photos"
    folder.mkdir()
    rng = np.random.default_rng(0)
    for i in range(12):
        pixels = rng.integers(0, 120, (48, 64, 3), dtype=np.uint8)
        pixels[..., 0 if i % 2 else 2] += 120
        Image.fromarray(pixels).save(folder / f"{i:02}.png")
    return folder


def contrast_of(page, ink, paper):
    """Return the contrast of WCAG 2.2 between a text and what lies under it."""
    style = "([at, what]) => getComputedStyle(document.querySelector(at))[what]"
    shades = [
        page.evaluate(style, [ink, "color"]),
        page.evaluate(style, [paper, "backgroundColor"]),
    ]
    light = [luminance(list(map(int, re.findall(r"\d+", shade)[:3]))) for shade in shades]
    return (max(light) + 0.05) / (min(light) + 0.05)


def luminance(rgb):
    linear = [
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in np.array(rgb) / 255
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.fixture
def contrast():
    return contrast_of
