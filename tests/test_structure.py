"""Imports point one way. Read from the source with ``ast``, so an import inside a function counts too."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from styleresearch.store import manifest
from styleresearch.store.rundir import RunDirectory, curve_file, image_file, input_file, sample_file

PACKAGE = Path(__file__).resolve().parents[1] / "styleresearch"

CONTRACTS = {"errors", "extras", "types", "options", "registry"}
TENSORS = CONTRACTS | {"ops", "encoder", "nets", "losses"}

GROUND = CONTRACTS | {"interrupt"}

# Part of the package -> what it may import of the rest of the package. A dotted name is one module of a part.
MAY_IMPORT: dict[str, set[str]] = {
    # The face, for type checkers: it imports nothing before a name is used.
    "__init__": {"encoder", "evaluation", "losses", "methods", "tasks", "types"},
    "errors": set(),
    "types": set(),
    "interrupt": set(),
    "extras": {"errors"},
    "options": {"errors"},
    "registry": {"errors", "options"},
    # What is on disk; without jax, so that the report may share it.
    "store": {"errors"},
    "executors": {"errors", "extras", "store"},
    "painter": CONTRACTS,
    # No jax: `types` names jax arrays.
    "data": {"errors", "options", "registry", "store", "painter"},
    "ops": CONTRACTS,
    "encoder": CONTRACTS | {"ops", "store"},
    "nets": CONTRACTS | {"ops"},
    "optim": CONTRACTS,
    "losses": CONTRACTS | {"ops", "encoder", "nets"},
    "methods": TENSORS | {"optim"},
    # Never methods: a metric knows nothing of what made the image.
    "evaluation": TENSORS | {"store"},
    "checks": TENSORS | {"methods", "evaluation"},
    "training": TENSORS | {"optim", "methods", "store", "interrupt"},
    "study": {"errors", "options", "store", "evaluation.statistics"},
    # Reads record files; the statistics need no jax.
    "report": {"errors", "extras", "registry", "store", "evaluation.statistics", "checks.finding", "study"},
    "config": TENSORS | {"optim", "methods", "training", "data", "evaluation", "store", "study.design"},
    # The report for what a run's numbers say, not for its pages; but a study's page is the work of its command.
    "tasks": TENSORS
    | {"optim", "methods", "training", "data", "evaluation", "checks", "store", "config", "report", "study"}
    | {"executors"},
    "cli": TENSORS
    | {"methods", "training", "checks", "data", "evaluation", "store", "config", "tasks", "report", "executors"}
    | {"interrupt"},
    "__main__": {"cli"},
}

# Library -> the files and folders of the package that may import it.
FENCES: dict[str, tuple[str, ...]] = {
    "flax.linen": ("nets/", "encoder/"),
    "flax.nnx": (),
    "orbax": ("training/checkpoint.py",),
    "ml_collections": ("config/file.py",),
}

# Parts that run without jax, and what counts as jax there.
WITHOUT_JAX = (
    *("interrupt.py", "store/", "painter/", "data/", "study/", "report/"),
    *("evaluation/statistics/", "checks/finding.py", "errors.py", "extras.py", "options/", "registry.py"),
)
JAX = ("jax", "jaxlib", "flax", "optax", "chex", "orbax")


def imported(path: Path, package: Path) -> Iterator[tuple[int, str]]:
    """Yield (line, dotted name) of everything imported; ``from a import b`` gives ``a.b``."""
    location = (package.name, *path.relative_to(package).parts[:-1])
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"), str(path))):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = location[: len(location) - node.level + 1] if node.level else ()
            module = ".".join((*base, *filter(None, [node.module])))
            yield from ((node.lineno, f"{module}.{alias.name}") for alias in node.names)


def within(name: str, prefix: str) -> bool:
    return name == prefix or name.startswith(prefix + ".")


def parts(package: Path) -> set[str]:
    return {path.stem for path in package.iterdir() if path.suffix == ".py" or (path.is_dir() and any(path.iterdir()))}


def violations(package: Path) -> list[str]:
    """Return one message per forbidden import, each beginning with file:line."""
    found = []
    known = parts(package)
    for path in sorted(package.rglob("*.py")):
        place = path.relative_to(package).as_posix()
        part = place.partition("/")[0].removesuffix(".py")
        if part not in MAY_IMPORT:
            found.append(f"{package.name}/{place}:1: part {part!r} has no line in MAY_IMPORT ({__file__})")
            continue
        for line, name in imported(path, package):
            where = f"{package.name}/{place}:{line}: imports {name}"
            inside = name.removeprefix(package.name + ".") if within(name, package.name) else ""
            target = inside.partition(".")[0]
            allowed = MAY_IMPORT[part] | {part}
            if target in known and not any(within(inside, one) for one in allowed):
                found.append(f"{where}; {part} may import of the package only: {', '.join(sorted(allowed))}")
            for library, places in FENCES.items():
                if within(name, library) and not place.startswith(places):
                    found.append(f"{where}; {library} belongs in {' and '.join(places) or 'no file of this package'}")
            if place.startswith(WITHOUT_JAX) and any(within(name, library) for library in JAX):
                found.append(f"{where}; {', '.join(WITHOUT_JAX)} run without jax")
    return found


def names_of_a_run() -> tuple[set[str], set[str]]:
    """Return the names of the files and of the folders of a run directory, as the store has them."""
    found = [getattr(each, "path", each) for each in vars(RunDirectory(Path("run"))).values()]
    names = {path.name for path in found if isinstance(path, Path) and path.name != "run"}
    names |= {manifest.NAME, image_file("", "").partition("/")[0], curve_file("", "").partition("/")[0]}
    names |= {input_file("content", "").partition("/")[0], sample_file(0).partition("/")[0]}
    return {name for name in names if "." in name}, {name for name in names if "." not in name}


def prose(tree: ast.AST) -> set[ast.AST]:
    """Return the texts that only people read: docstrings, and what ``--help`` says."""
    found: set[ast.AST] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr):
            found.add(node.value)
        if isinstance(node, ast.keyword) and node.arg in ("help", "description"):
            found |= set(ast.walk(node.value))
    return found


def spelled(path: Path) -> list[tuple[int, str]]:
    """Return (line, text) of the strings that name a file of a run, or a folder of it as part of a path."""
    files, folders = names_of_a_run()
    file = re.compile(rf"(?<![\w.-])(?:{'|'.join(map(re.escape, files))})(?!\w|\.\w)")
    tree = ast.parse(path.read_text(encoding="utf-8"), str(path))
    told = prose(tree)
    joined = {node.right for node in ast.walk(tree) if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div)}
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in told:
            begins = node.value.partition("/")
            folder = begins[0] in folders and (begins[1] or node in joined)
            if folder or file.search(node.value):
                found.append((node.lineno, node.value))
    return found


def test_only_the_store_spells_the_names_of_a_runs_files() -> None:
    found = [
        f"{path.relative_to(PACKAGE.parent)}:{line}: {text!r}"
        for path in sorted(PACKAGE.rglob("*.py"))
        if PACKAGE / "store" not in path.parents
        for line, text in spelled(path)
    ]
    assert not found, "take these names from store/rundir.py:\n" + "\n".join(found)


@pytest.mark.parametrize(
    "source",
    [
        'run / "records.jsonl"',
        'open(f"{folder}/config.json")',
        'raise ValueError("delete run.json.")',
        'run / "checkpoints"',
        'f"images/{method}.png"',
        'folder / "3" / "manifest.json"',
    ],
)
def test_a_spelled_name_is_found(tmp_path: Path, source: str) -> None:
    (tmp_path / "a.py").write_text(f"{source}\nx = {source}\n" if not source.startswith("raise") else source)
    assert len(spelled(tmp_path / "a.py")) >= 1


def test_words_and_prose_are_no_names_of_files(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(
        '"""Writes ``records.jsonl``."""\n'
        'config["samples"], "images", "inputs and outputs"\n'
        'parser.add_argument("--out", help="the folder of report.html")\n'
        'get_template("report.html.j2")\n'
    )
    assert spelled(tmp_path / "a.py") == []


def layer(part: str) -> int:
    """Return how many layers a part stands on, itself included; the ground is one."""
    below = {one.partition(".")[0] for one in MAY_IMPORT[part]} - {part}
    return 1 if part in GROUND else 1 + max(map(layer, below))


def test_the_house_has_nine_layers_and_a_door() -> None:
    # A circle would have no end.
    found = {part: layer(part) for part in MAY_IMPORT if part not in ("__init__", "__main__")}
    assert max(found.values()) == found["cli"] == 9
    assert found["tasks"] == 8


def test_imports_point_one_way() -> None:
    found = violations(PACKAGE)
    assert not found, "\n" + "\n".join(found)


@pytest.mark.parametrize(
    ("place", "source", "message"),
    [
        ("losses/gram.py", "import styleresearch.methods.gatys", "losses may import"),
        ("losses/gram.py", "from styleresearch import methods", "losses may import"),
        ("losses/gram.py", "def f():\n    from ..methods import base", "losses may import"),
        ("losses/deep/gram.py", "from ...methods.base import Method", "losses may import"),
        ("evaluation/suite.py", "from styleresearch.methods.base import METHODS", "evaluation may import"),
        ("report/html.py", "from styleresearch.evaluation.metrics import METRICS", "report may import"),
        ("types.py", "from styleresearch.errors import InputError", "types may import"),
        ("data/images.py", "from styleresearch.types import Image", "data may import"),
        ("data/images.py", "from jax import numpy as jnp", "run without jax"),
        ("evaluation/statistics/holm.py", "import jax.numpy as jnp", "run without jax"),
        ("methods/base.py", "from flax import linen as nn", "flax.linen belongs in nets/ and encoder/"),
        ("nets/unet.py", "import flax.nnx", "flax.nnx belongs in no file"),
        ("training/loop.py", "import orbax.checkpoint as ocp", "orbax belongs in training/checkpoint.py"),
        (
            "data/pictures/base.py",
            "from ml_collections import ConfigDict",
            "ml_collections belongs in config/file.py",
        ),
        ("helpers.py", "", "no line in MAY_IMPORT"),
    ],
)
def test_a_forbidden_import_is_found(tmp_path: Path, place: str, source: str, message: str) -> None:
    package = tmp_path / "styleresearch"
    for name in ("methods/base.py", "evaluation/metrics.py", "errors.py", "types.py", place):
        (package / name).parent.mkdir(parents=True, exist_ok=True)
        (package / name).touch()
    (package / place).write_text(source, encoding="utf-8")

    found = violations(package)

    assert len(found) == 1
    assert found[0].startswith(f"styleresearch/{place}:{max(1, len(source.splitlines()))}: ")
    assert message in found[0]


def test_allowed_imports_pass(tmp_path: Path) -> None:
    package = tmp_path / "styleresearch"
    sources = {
        "errors.py": "",
        "evaluation/statistics/interval.py": "import numpy as np",
        "report/html.py": "from styleresearch.evaluation.statistics.interval import mean_interval",
        "report/figures.py": "from styleresearch import __version__",
        "report/tables.py": "from .html import page",
        "losses/base.py": "import jax\nfrom styleresearch.errors import InputError",
        "nets/unet.py": "import flax.linen as nn\nimport flaxen",
        "cli/stylize.py": "from rich.console import Console\nfrom styleresearch import losses",
    }
    for place, source in sources.items():
        (package / place).parent.mkdir(parents=True, exist_ok=True)
        (package / place).write_text(source, encoding="utf-8")

    assert violations(package) == []


# What an import pulls in only shows in a process of its own: jaxtyping's hook has loaded jax into this one.
@pytest.mark.parametrize("part", ["", "cli", "store", "painter", "data", "study", "report", "evaluation/statistics"])
def test_imports_without_jax(part: str) -> None:
    root = PACKAGE / part
    assert root.exists()
    files = [PACKAGE / "__init__.py"] if part == "" else [root] if root.is_file() else sorted(root.rglob("*.py"))
    modules = [
        ".".join(file.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__") for file in files
    ]
    assert modules
    script = (
        f"import importlib, sys\nfor name in {modules!r}:\n    importlib.import_module(name)\n"
        "    assert 'jax' not in sys.modules, f'{name} imports jax'\n"
    )
    # The package under test: the folder that this file stands beside.
    done = subprocess.run([sys.executable, "-c", script], cwd=PACKAGE.parent, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
