"""What failed of a run is written down whole and read back as a line."""

import pytest

from styleresearch.errors import InputError
from styleresearch.store import failures


def raised(error: Exception) -> Exception:
    try:
        raise error
    except Exception as caught:
        return caught


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (InputError("the picture is\ntoo small"), "the picture is too small"),
        (ArithmeticError("the loss became nan"), "the loss became nan"),
        (TypeError("3 is not a\npicture"), f"TypeError: 3 is not a ({__file__}:"),
        (ZeroDivisionError("division by zero"), f"ZeroDivisionError: division by zero ({__file__}:"),
        (MemoryError(), f"MemoryError ({__file__}:"),
        (RuntimeError("x" * 9999), "RuntimeError: " + "x" * 300 + "... ("),
    ],
)
def test_a_reason_is_one_line_and_the_file_has_the_rest(tmp_path, error, reason):
    failure = failures.note(tmp_path, "gatys", "hill__oil", raised(error))
    assert failure.reason.startswith(reason)
    assert str(failure) == f"gatys, hill__oil: {failure.reason}"
    text = (tmp_path / "failures/gatys/hill__oil.txt").read_text()
    assert text.splitlines()[0] == failure.reason
    assert "Traceback (most recent call last)" in text
    assert str(error) in text
    assert failures.read(tmp_path) == [failure]


def test_only_the_last_call_s_failures_are_there(tmp_path):
    assert failures.read(tmp_path) == []
    failures.clear(tmp_path)
    failures.note(tmp_path, "gatys", "b.c__d", raised(ValueError("caf\udce9")))
    failures.note(tmp_path, "adain", "a__b", raised(ValueError("x")))
    assert [(each.method, each.pair) for each in failures.read(tmp_path)] == [("adain", "a__b"), ("gatys", "b.c__d")]
    failures.clear(tmp_path)
    assert failures.read(tmp_path) == []
