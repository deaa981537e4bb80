"""A strong, cheap engine for the certificates' benchmark: what predicts, and how sure it is.

``engine(task, budgets, seed)`` labels items of a task, chosen actively, and returns what it says of
all items. The certificates hold whatever it returns; a better one only makes them
cheaper. It stands alone so that another can take its place.
"""

import csv
import gzip
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy import sparse
from scipy.ndimage import gaussian_filter
from scipy.sparse.csgraph import connected_components
from scipy.special import softmax
from sklearn.cluster import MiniBatchKMeans
from sklearn.decomposition import TruncatedSVD
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import NearestNeighbors
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

FIRST_LABELS = 20
ALPHA = 0.99
NEIGHBORS = 10
N_STEPS = 100
# Chosen on digits 10,000-13,999: how much a graph, a machine and all of them together weigh, and
# the power that makes the ensemble about as sure as it is right.
POWER, MARGIN, SHARPNESS, CALIBRATION = 6, 2, 0.5, 1.7


@dataclass(frozen=True, eq=False)
class Task:
    """Vectors and truth of one data set; ``graphs`` where label spreading predicts it."""

    name: str
    X: np.ndarray
    truth: np.ndarray
    model: str
    graphs: tuple[sparse.csr_array, ...] = ()

    @property
    def n_classes(self) -> int:
        """Classes of the truth."""
        return int(self.truth.max()) + 1


@dataclass(frozen=True, eq=False)
class Predicted:
    """(n, c) probabilities of a model, and the rows whose labels it knows."""

    proba: np.ndarray
    labeled: np.ndarray


def engine(task: Task, budgets: list[int], seed: int) -> list[Predicted]:
    """Label items of ``task``: typical ones first, then those the model is unsure of.

    Returns the model as it stands at each of the ascending ``budgets``.
    """
    rng = np.random.default_rng(seed)
    labeled = typical(task.X, min(FIRST_LABELS, budgets[0]), rng)
    models = []
    for budget in budgets:
        while True:
            if len(labeled) == budget:
                break
            proba = predict(task, labeled, seed, calibrate=False)
            size = min(max(10, len(labeled) // 2), budget - len(labeled))
            labeled = np.concatenate([labeled, unsure(task.X, proba, labeled, size, rng)])
        models.append(Predicted(predict(task, labeled, seed), labeled))
    return models


def typical(X: np.ndarray, k: int, rng: np.random.Generator) -> np.ndarray:
    """Return the row nearest to each of ``k`` centers."""
    seed = int(rng.integers(2**31))
    means = MiniBatchKMeans(k, batch_size=2048, n_init=3, random_state=seed).fit(X)
    near = NearestNeighbors(n_neighbors=3).fit(X).kneighbors(means.cluster_centers_)[1]
    return np.array(list(dict.fromkeys(near.ravel(order="F").tolist())))[:k]


def unsure(
    X: np.ndarray, proba: np.ndarray, labeled: np.ndarray, size: int, rng: np.random.Generator
) -> np.ndarray:
    """Return ``size`` rows of low margin, spread by k-means; one in ten drawn uniformly."""
    two = np.sort(proba, axis=1)[:, -2:]
    margin = two[:, 1] - two[:, 0]
    margin[labeled] = np.inf
    low = np.argsort(margin)[: 10 * size]
    low = low[np.isfinite(margin[low])]
    n_uniform = size // 10
    means = MiniBatchKMeans(
        size - n_uniform, n_init=1, batch_size=2048, random_state=int(rng.integers(2**31))
    )
    cluster = means.fit_predict(X[low])
    first = [low[cluster == c][0] for c in np.unique(cluster)]
    rest = np.setdiff1d(np.flatnonzero(np.isfinite(margin)), first)
    more = rng.choice(rest, size - len(first), replace=False)
    return np.concatenate([first, more]).astype(np.int64)


def predict(task: Task, labeled: np.ndarray, seed: int, calibrate: bool = True) -> np.ndarray:
    """Return (n, c) probabilities of a model that knows the labels of ``labeled``."""
    codes = task.truth[labeled]
    if task.graphs:
        return ensemble(task, labeled, codes, calibrate)
    proba = np.zeros((len(task.X), task.n_classes))
    seen = np.unique(codes)
    if len(seen) == 1:
        proba[:, seen] = 1.0
        return proba
    model = classifier(task, seed)
    proba[:, seen] = model.fit(task.X[labeled], codes).predict_proba(task.X)
    return sharpened(proba, sharpness(task, labeled, seed)) if calibrate else proba


def classifier(task: Task, seed: int):
    if task.model == "forest":
        return RandomForestClassifier(100, random_state=seed)
    return make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=500))


def sharpness(task: Task, labeled: np.ndarray, seed: int) -> float:
    """Return the power that makes probabilities likeliest on labeled rows not trained on."""
    codes = task.truth[labeled]
    fold = np.random.default_rng(seed).permutation(len(labeled)) % 5
    proba = np.full((len(labeled), task.n_classes), 1e-6)
    for held in range(5):
        rest, own = labeled[fold != held], fold == held
        if len(np.unique(task.truth[rest])) < 2:
            return 1.0
        model = classifier(task, seed).fit(task.X[rest], task.truth[rest])
        proba[np.ix_(own, model.classes_)] = model.predict_proba(task.X[labeled[own]])
    powers = np.geomspace(0.5, 8, 25)
    row = np.arange(len(labeled))
    return float(max(powers, key=lambda g: np.log(sharpened(proba, g)[row, codes]).mean()))


def sharpened(proba: np.ndarray, power: float) -> np.ndarray:
    P = (proba / proba.max(axis=1, keepdims=True)) ** power + 1e-4
    return P / P.sum(axis=1, keepdims=True)


def spread(graph: sparse.csr_array, labeled: np.ndarray, codes: np.ndarray, c: int) -> np.ndarray:
    """Label spreading, F <- alpha S F + (1 - alpha) Y; (n, c) logarithms, 0 for the likeliest."""
    Y = np.zeros((graph.shape[0], c), dtype=np.float32)
    Y[labeled, codes] = 1.0
    Y /= np.maximum(Y.sum(axis=0), 1.0)
    F = Y.copy()
    for _ in range(N_STEPS):
        F = ALPHA * (graph @ F) + (1 - ALPHA) * Y
    return np.log((F / (F.max(axis=1, keepdims=True) + 1e-30)) ** POWER + 1e-9)


def ensemble(task: Task, labeled: np.ndarray, codes: np.ndarray, calibrate: bool) -> np.ndarray:
    """Average spread labels on each graph and a support vector machine; each errs elsewhere."""
    c = task.n_classes
    votes = [spread(graph, labeled, codes, c) for graph in task.graphs]
    machine = SVC(C=10).fit(task.X[labeled], codes)
    decision = np.full((len(task.X), c), -5.0, dtype=np.float32)
    decision[:, machine.classes_] = machine.decision_function(task.X)
    votes.append(np.log(softmax(MARGIN * decision, axis=1) + 1e-9))
    vote = np.mean(votes, axis=0)
    soft = softmax(SHARPNESS * vote, axis=1)
    # A little of the soft vote keeps apart what would all be rounded to a confidence of 1.
    return 0.99 * softmax(CALIBRATION * vote, axis=1) + 0.01 * soft if calibrate else soft


def neighbor_graph(X: np.ndarray, k: int = NEIGHBORS) -> sparse.csr_array:
    """Return the symmetrically normalized graph of the ``k`` nearest neighbors, in one piece."""
    n = len(X)
    near, far = nearest(X, k)
    width = far[:, -1:] + 1e-12
    weight = np.exp(-4 * (far / width) ** 2)
    rows = np.repeat(np.arange(n), near.shape[1])
    W = sparse.csr_array((weight.ravel(), (rows, near.ravel())), shape=(n, n))
    W = W.maximum(W.T)
    n_parts, part = connected_components(W, directed=False)
    if n_parts > 1:  # join each small piece to the first by a faint edge
        heads = np.array([np.flatnonzero(part == p)[0] for p in range(1, n_parts)])
        E = sparse.csr_array((np.full(len(heads), 1e-3), (heads, 0 * heads)), shape=(n, n))
        W = W + E + E.T
    d = 1 / np.sqrt(np.asarray(W.sum(axis=1)).ravel())
    S = sparse.diags_array(d) @ W @ sparse.diags_array(d)
    return sparse.csr_array(S.astype(np.float32))


def nearest(X: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """Return (n, k) neighbors and distances without the item itself."""
    if len(X) <= 20_000:
        far, near = NearestNeighbors(n_neighbors=k + 1).fit(X).kneighbors(X)
        return near[:, 1:], far[:, 1:]
    import faiss

    index = faiss.IndexHNSWFlat(X.shape[1], 24)
    index.hnsw.efConstruction, index.hnsw.efSearch = 80, 64
    index.add(X)
    far, near = index.search(X, k + 1)
    return near[:, 1:].astype(np.int64), np.sqrt(np.maximum(far[:, 1:], 0))


def digits(n: int, first: int = 0) -> Task:
    images, truth = read_idx("mnist/train-images-idx3-ubyte.gz", "mnist/train-labels-idx1-ubyte.gz")
    images, truth = images[first : first + n], truth[first : first + n]
    X = glyph_vectors(images)
    graphs = [neighbor_graph(X)]
    if n <= 10_000:  # a second graph of 60,000 doubles the time
        graphs.append(neighbor_graph(pixel_vectors(images)))
    return Task(f"MNIST {n:,}", X, truth.astype(np.int64), "graph", tuple(graphs))


def read_idx(images: str, labels: str) -> tuple[np.ndarray, np.ndarray]:
    raw = [
        np.frombuffer(gzip.decompress((root() / f).read_bytes()), np.uint8)
        for f in (images, labels)
    ]
    return raw[0][16:].reshape(-1, 28, 28), raw[1][8:]


def root() -> Path:
    return Path(os.environ["SPARING_DATA"])


def glyph_vectors(images: np.ndarray) -> np.ndarray:
    """Deskewed HOG in cells of 4 and 7 pixels, square root, PCA to 64."""
    blocks = [
        hog(deskew(images[i : i + 4000] / np.float32(255))) for i in range(0, len(images), 4000)
    ]
    return principal(np.sqrt(np.concatenate(blocks)), 64)


def pixel_vectors(images: np.ndarray) -> np.ndarray:
    """Deskewed, blurred pixels, PCA to 50."""
    blocks = [
        gaussian_filter(deskew(images[i : i + 4000] / np.float32(255)), (0, 1, 1))
        for i in range(0, len(images), 4000)
    ]
    D = np.concatenate(blocks).reshape(len(images), -1)
    return principal(D, 50)


def principal(H: np.ndarray, k: int) -> np.ndarray:
    H = H - H.mean(axis=0)
    _, vectors = np.linalg.eigh(H.T @ H)
    return np.ascontiguousarray(H @ vectors[:, -k:], dtype=np.float32)


def deskew(images: np.ndarray) -> np.ndarray:
    """Shear each image so that its ink stands upright, and center it."""
    _n, h, w = images.shape
    y, x = np.mgrid[:h, :w].astype(np.float32)
    mass = images.sum(axis=(1, 2)) + 1e-6
    cy, cx = (images * y).sum(axis=(1, 2)) / mass, (images * x).sum(axis=(1, 2)) / mass
    dy, dx = y[None] - cy[:, None, None], x[None] - cx[:, None, None]
    slant = (images * dy * dx).sum(axis=(1, 2)) / ((images * dy**2).sum(axis=(1, 2)) + 1e-6)
    rows = np.arange(h) - (h - 1) / 2
    sy = rows[None, :] + cy[:, None]
    sx = (
        (np.arange(w) - (w - 1) / 2)[None, None, :]
        + cx[:, None, None]
        + slant[:, None, None] * rows[None, :, None]
    )
    return bilinear(images, np.broadcast_to(sy[:, :, None], sx.shape), sx)


def bilinear(images: np.ndarray, sy: np.ndarray, sx: np.ndarray) -> np.ndarray:
    n, h, w = images.shape
    P = np.pad(images, ((0, 0), (1, 2), (1, 2)))
    sy, sx = np.clip(sy + 1, 0, h + 1), np.clip(sx + 1, 0, w + 1)
    iy, ix = sy.astype(int), sx.astype(int)
    fy, fx = sy - iy, sx - ix
    k = np.arange(n)[:, None, None]
    top = P[k, iy, ix] * (1 - fx) + P[k, iy, ix + 1] * fx
    low = P[k, iy + 1, ix] * (1 - fx) + P[k, iy + 1, ix + 1] * fx
    return (top * (1 - fy) + low * fy).astype(np.float32)


def hog(images: np.ndarray, bins: int = 9) -> np.ndarray:
    gy, gx = np.gradient(images, axis=1), np.gradient(images, axis=2)
    size = np.hypot(gx, gy)
    angle = (np.arctan2(gy, gx) % np.pi) * bins / np.pi
    low = np.floor(angle).astype(int) % bins
    share = angle - np.floor(angle)
    planes = np.stack(
        [size * ((low == b) * (1 - share) + ((low + 1) % bins == b) * share) for b in range(bins)],
        -1,
    )
    n = len(images)
    parts = []
    for cell in (4, 7):
        c = 28 // cell
        H = planes.reshape(n, c, cell, c, cell, bins).sum(axis=(2, 4))
        energy = np.pad((H**2).sum(-1), ((0, 0), (1, 1), (1, 1)))
        local = sum(energy[:, i : i + c, j : j + c] for i in range(3) for j in range(3))
        H = H / np.sqrt(local[..., None] + 0.05)
        parts.append(H.reshape(n, -1))
    return np.concatenate(parts, axis=1)


def news() -> Task:
    with (root() / "ag_news/test.csv").open(encoding="utf-8") as file:
        rows = list(csv.reader(file))
    return texts(
        "AG News", [" ".join(r[1:]) for r in rows], np.array([int(r[0]) for r in rows]) - 1
    )


def questions() -> Task:
    return labeled_lines("TREC questions", "TREC.train.all")


def subjectivity() -> Task:
    return labeled_lines("Subjectivity", "subj.all")


def labeled_lines(name: str, file: str) -> Task:
    lines = (root() / "sentiment_trec" / file).read_text(encoding="latin-1").splitlines()
    pairs = [line.split(" ", 1) for line in lines if " " in line]
    return texts(name, [text for _, text in pairs], np.array([int(code) for code, _ in pairs]))


def texts(name: str, items: list[str], truth: np.ndarray) -> Task:
    tfidf = TfidfVectorizer(sublinear_tf=True, ngram_range=(1, 2), min_df=2, max_df=0.5)
    X = TruncatedSVD(150, random_state=0).fit_transform(tfidf.fit_transform(items))
    return Task(name, X.astype(np.float32), truth.astype(np.int64), "linear")


def table(name: str, model: str = "forest") -> Task:
    with (root() / "tabular" / f"{name}.csv").open() as file:
        rows = [r for r in csv.reader(file) if r and "?" not in r]
    columns = [number_or_hot([r[j] for r in rows]) for j in range(len(rows[0]) - 1)]
    _, truth = np.unique([r[-1] for r in rows], return_inverse=True)
    return Task(name, np.concatenate(columns, axis=1).astype(np.float32), truth, model)


def number_or_hot(values: list[str]) -> np.ndarray:
    try:
        return np.array(values, dtype=float)[:, None]
    except ValueError:
        return (np.array(values)[:, None] == np.unique(values)[None, :]).astype(float)
