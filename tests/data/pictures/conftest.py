"""What the tests of picture sources share."""

import pytest


@pytest.fixture(autouse=True)
def cache_folder(tmp_path, monkeypatch):
    """The cache of a test; it does not exist yet."""
    monkeypatch.setenv("STYLERESEARCH_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "pictures"
