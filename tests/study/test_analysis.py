"""What votes say: the order of simulated methods, raters who do not look, sides, agreement."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from styleresearch.errors import InputError
from styleresearch.report import study_tables
from styleresearch.study.analysis import analyse_votes
from styleresearch.study.votes import Vote, read_votes


@pytest.fixture
def found(protocol, session):
    files = [session(f"r{seed}", seed) for seed in range(12)] + [session("asleep", 99, careless=True)]
    return analyse_votes(read_votes(protocol, files), protocol)


def test_simulated_raters_recover_the_order(found):
    assert [each.name for each in found.standings] == ["a", "b", "c", "d"]
    assert [each.strength.value for each in found.standings] == pytest.approx([1.0, 0.3, -0.3, -1.0], abs=0.3)
    assert all(each.strength.lo < each.strength.value < each.strength.hi for each in found.standings)
    assert found.votes == 12 * 36
    assert sum(each.won for each in found.standings) == found.votes


def test_who_misses_catch_trials_is_left_out_by_the_rule(found, protocol, session):
    assert len(found.raters) == 12
    assert set(found.excluded) == {"asleep"}
    assert found.excluded["asleep"] > protocol.most_missed
    assert sum(missed for missed, _ in found.missed.values()) == found.excluded["asleep"]
    assert sum(count for _, count in found.missed.values()) == 13 * 4
    lenient = replace(protocol, most_missed=3)
    votes = read_votes(lenient, [session("asleep", 99, lenient, careless=True), session("ann", 1, lenient)])
    assert analyse_votes(votes, lenient).excluded == {}
    with pytest.raises(InputError, match="no rater is left: all 1 missed more than 1 catch trials"):
        analyse_votes(read_votes(protocol, [session("asleep", 99, careless=True)]), protocol)


def test_differences_are_to_the_reference_and_corrected(found, protocol, session):
    assert found.reference == "Method A"
    a, b, _, d = found.standings
    assert a.against is None
    assert b.against.value == pytest.approx(b.strength.value - a.strength.value)
    assert d.p_holm < 0.01
    assert all(each.p_holm >= each.against.p for each in found.standings if each.against is not None)
    votes = read_votes(protocol, [session("x", 1), session("y", 2)])
    assert analyse_votes(votes, protocol, "c").reference == "Method C"
    with pytest.raises(InputError, match="no method 'e' in this study"):
        analyse_votes(votes, protocol, "e")


def vote(rater="r", kind="vote", left="a", right="b", score=1.0, content="c", style="s"):
    return Vote(rater, kind, content, style, left, right, score)


def test_agreement_compares_swapped_repeats():
    votes = [
        vote(score=1.0), vote(kind="repeat", left="b", right="a", score=0.0),
        vote(content="d", score=0.0), vote(content="d", kind="repeat", left="b", right="a", score=0.0),
        vote("q", score=0.5), vote("q", kind="repeat", left="b", right="a", score=0.5),
    ]  # fmt: skip
    found = analyse_votes(votes, None).agreement
    assert found is not None
    assert found.mean == pytest.approx(2 / 3)
    assert analyse_votes(votes[:1], None).agreement is None


def test_side_bias_is_told():
    votes = [
        vote(f"r{rater}", left=left, right=right, content=f"c{content}")
        for rater in range(6)
        for content in range(6)
        for left, right in [("a", "b") if (rater + content) % 2 else ("b", "a")]
    ]
    found = analyse_votes(votes, None)
    assert found.left.mean == 1.0
    assert found.standings[0].strength.value == pytest.approx(0, abs=1e-6)
    assert any("raters lean to one side" in line for line in study_tables.checks(found))


def test_methods_without_a_chain_of_votes_are_named():
    with pytest.raises(InputError, match="no votes connect c, d with a, not even by way of other methods"):
        analyse_votes([vote(), vote(left="c", right="d")], None)


def test_what_is_not_known_is_said():
    found = analyse_votes([vote(), vote(score=0.0, style="t")], None)
    assert "One rater: the intervals say nothing about other raters." in found.notes
    assert "2 styles: the intervals can know little about other styles." in found.notes
    single = analyse_votes([vote()], None)
    assert math.isnan(single.standings[0].strength.lo)
    assert "(" not in study_tables.rows(single)[0][2]


def test_tables_and_the_paragraph(found):
    lines = study_tables.csv_text(found).splitlines()
    assert len(lines) == 5
    assert lines[1].startswith("a,Method A,216,")
    latex = study_tables.latex_text(found)
    assert r"\label{tab:user-study}" in latex
    assert latex.count(r"\\") == 6, "a heading of two lines"
    text = study_tables.paragraph(found)
    assert "13 raters each compared the outputs of 4 methods in 36 pairs" in text
    assert "raters who missed more than 1 of them were excluded (1)" in text
    assert "Method A is preferred over Method D (Method D chosen in" in text
    assert f"Protocol sha256 {found.protocol.digest[:16]}." in text
    said = "\n".join(study_tables.checks(found))
    assert "Excluded for missing more than 1 of 4 catch trials: asleep (" in said
    assert "2.0 s an answer (median)" in said
