"""The pictures that one value is of."""

from __future__ import annotations

from styleresearch.store.record import MethodName, Pair, Record
from styleresearch.tasks.sets import _distinct


def member(content: str, style: str, picture: str = "") -> tuple[Pair, Record]:
    pair = Pair(f"{content}-{style}", content, style, 0)
    inputs = {"style": picture} if picture else {}
    files = {"content": f"content/{content}.png", "style": f"style/{style}.png"}
    method = MethodName("m", "M", False)
    return pair, Record(method, pair, None, inputs, "", {}, files, {}, (), {}, {})


def test_a_style_counts_once_however_many_outputs_or_copies_there_are():
    members = [member("a", "waves", "d1"), member("b", "waves", "d1"), member("a", "ink", "d2")]
    assert sorted(map(str, _distinct(members, "style"))) == ["style/ink.png", "style/waves.png"]
    copies = [*members, member("b", "waves copy", "d1")]
    assert len(_distinct(copies, "style")) == 2
    # One picture that was seen at two sizes has two digests, and one name.
    assert len(_distinct([*members, member("b", "ink", "d3")], "style")) == 2
    # Records of earlier versions have no digests: names tell pictures apart.
    assert len(_distinct([member("a", "waves"), member("a", "ink")], "style")) == 2
