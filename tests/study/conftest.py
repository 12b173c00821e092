"""A protocol, and raters who vote by it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.special import expit

from styleresearch.store import jsonfile
from styleresearch.study.order import trials_of
from styleresearch.study.protocol import PROTOCOL, PairShown, Protocol, Shown
from styleresearch.study.votes import KIND

STRENGTHS = {"a": 1.0, "b": 0.3, "c": -0.3, "d": -1.0}


@pytest.fixture
def protocol() -> Protocol:
    """Four methods on 3 x 4 pairs, two floors."""
    return Protocol(
        title="Which?",
        question="Which is better?",
        instructions="Look.",
        consent="Yes.",
        recruitment="",
        methods=tuple(Shown(name, f"Method {name.upper()}") for name in STRENGTHS),
        floors=(Shown("identity", "Content itself"), Shown("style_image", "Style itself")),
        cells=tuple(PairShown(f"c{i}", f"s{j}", ("0",) * 8) for i in range(3) for j in range(4)),
        trials=36,
        repeats=6,
        catches=4,
        most_missed=1,
        ties=False,
        seed=0,
        side=512,
        run={"name": "run"},
    )


@pytest.fixture
def study(tmp_path: Path, protocol: Protocol) -> Callable[..., Path]:
    """Write the protocol and return its folder."""

    def write(**changes: Any) -> Path:
        folder = tmp_path / "study"
        folder.mkdir()
        jsonfile.write(folder / PROTOCOL, replace(protocol, **changes).to_json())
        return folder

    return write


@pytest.fixture
def session(tmp_path: Path, protocol: Protocol) -> Callable[..., Path]:
    """Write the file of a rater who votes by the methods' strengths, and return it."""

    def write(rater: str, seed: int, plan: Protocol = protocol, /, careless: bool = False, **changes: Any) -> Path:
        rng = np.random.default_rng(seed)
        names = [shown.name for shown in (*plan.methods, *plan.floors)]
        votes = []
        for trial in trials_of(plan.shape, seed):
            a, b = (0.0 if careless else STRENGTHS.get(names[i], -9.0) for i in (trial.left, trial.right))
            choice = "left" if rng.random() < expit(a - b) else "right"
            votes.append({"cell": trial.cell, "left": trial.left, "right": trial.right, "choice": choice, "ms": 2000})
        fields: Mapping[str, Any] = {
            "kind": KIND,
            "protocol": plan.digest,
            "rater": rater,
            "seed": seed,
            "votes": votes,
        }
        path = tmp_path / f"votes-{rater}-{seed}.json"
        path.write_text(json.dumps({**fields, **changes}), encoding="utf-8")
        return path

    return write
