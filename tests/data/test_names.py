"""One name may be written in several ways, and is one name."""

import pytest

from styleresearch.data.names import canonical


@pytest.mark.parametrize(
    "written", ["sub/é.png", "\ufeffsub/é.png", "sub\\é.png", "./sub/é.png", ".\\.\\sub\\é.png", " sub/e\u0301.png\r\n"]
)
def test_one_name_in_several_spellings(written):
    assert canonical(written) == "sub/\u00e9.png"


@pytest.mark.parametrize(
    "name", ["a.png", "A.png", ".hidden.png", "../a.png", "a b.png", "/a.png", "a.b.png", "", "#1"]
)
def test_other_names_stay_what_they_are(name):
    assert canonical(name) == name
