import numpy as np
import pytest
from PIL import Image


@pytest.fixture
def pictures(tmp_path):
    """A folder of eight pictures of noise."""
    folder, rng = tmp_path / "pictures", np.random.default_rng(0)
    folder.mkdir()
    for i in range(8):
        noise = rng.integers(0, 256, (70, 90, 3), dtype=np.uint8)
        Image.fromarray(noise).save(folder / f"{i}.png")
    return folder
