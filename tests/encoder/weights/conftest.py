"""A cache of its own for every test, random weights, and a server that misbehaves on demand."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest

from styleresearch.encoder.weights import Weights
from styleresearch.encoder.weights.architectures.vgg import kernel_shapes
from styleresearch.encoder.weights.base import digest_of, tensor_digests


@pytest.fixture(autouse=True)
def cache_folder(tmp_path, monkeypatch):
    """An empty cache."""
    monkeypatch.setenv("STYLERESEARCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    return tmp_path / "cache" / "weights"


def random_params(arch: str = "vgg16", layers: int = 3, seed: int = 0) -> dict[str, dict[str, np.ndarray]]:
    """The first layers of a VGG, random."""
    rng = np.random.default_rng(seed)
    return {
        name: {
            "kernel": rng.standard_normal(shape, dtype=np.float32),
            "bias": rng.standard_normal(shape[3], dtype=np.float32),
        }
        for name, shape in list(kernel_shapes(arch).items())[:layers]
    }


@pytest.fixture
def make_params() -> Callable[..., dict[str, dict[str, np.ndarray]]]:
    return random_params


@pytest.fixture
def make_weights() -> Callable[..., Weights]:
    def make(name: str = "mine", seed: int = 0, **changes) -> Weights:
        params = random_params(seed=seed)
        facts = {
            "name": name,
            "arch": "vgg16",
            "convention": "caffe",
            "params": params,
            "digest": digest_of(tensor_digests(params)),
            "source": "a test",
            "licence": "none",
        }
        return Weights(**(facts | changes))

    return make


class Server:
    """Serves ``files``; a path in ``cut`` gets half of what its header announces, one in ``wait`` waits there."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.cut: set[str] = set()
        self.wait: set[str] = set()
        self.half_sent = threading.Event()
        self.go_on = threading.Event()
        self.together: threading.Barrier | None = None
        self.http = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, self))

    def address(self, path: str) -> str:
        return f"http://127.0.0.1:{self.http.server_port}{path}"


class _Handler(BaseHTTPRequestHandler):
    def __init__(self, served: Server, *args) -> None:
        self.served = served
        super().__init__(*args)

    def do_GET(self) -> None:
        served, body = self.served, self.served.files.get(self.path)
        if body is None:
            self.send_error(404)
            return
        if served.together:
            served.together.wait(timeout=30)
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: len(body) // 2])
        self.wfile.flush()
        served.half_sent.set()
        if self.path in served.wait:
            served.go_on.wait(timeout=30)
        elif self.path not in served.cut:
            self.wfile.write(body[len(body) // 2 :])

    def log_message(self, format: str, *args) -> None:
        """Keep quiet."""


@pytest.fixture
def server() -> Iterator[Server]:
    served = Server()
    thread = threading.Thread(target=served.http.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield served
    served.go_on.set()
    served.http.shutdown()
    served.http.server_close()
    thread.join()
