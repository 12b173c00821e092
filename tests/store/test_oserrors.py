"""What the system said is found in whatever error reaches us."""

import errno

import pytest

from styleresearch.store.oserrors import behind, remedy

FULL = OSError(errno.ENOSPC, "No space left on device", "x.png")


def from_thread():
    """An error as tensorflow_datasets wraps another."""
    error = RuntimeError("Failed to finalize writing of split")
    error.__cause__ = FULL
    return error


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (FULL, errno.ENOSPC),
        (from_thread(), errno.ENOSPC),
        (RuntimeError("write() failed: No space left on device; writing a/b.array_record-00000"), errno.ENOSPC),
        (ValueError("FAILED_PRECONDITION: Error writing: Permission denied"), errno.EACCES),
        (OSError("Not enough disk space. Needed: Unknown size"), errno.ENOSPC),
    ],
)
def test_what_the_system_said(error, code):
    found = behind(error)
    assert found is not None
    assert found.errno == code


def test_what_the_system_had_no_part_in():
    assert behind(RuntimeError("a bug")) is None
    odd = OSError("no number")
    assert behind(odd) is odd


def test_a_full_disk_wants_room_and_other_errors_do_not():
    assert remedy(FULL, "name another folder") == "free some space, or name another folder"
    assert remedy(PermissionError(errno.EACCES, "Permission denied"), "name another folder") == "name another folder"
