"""Files of votes: what is read, and one clear line for what is not."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from styleresearch.errors import InputError
from styleresearch.study.protocol import PROTOCOL, Protocol
from styleresearch.study.votes import read_foreign, read_votes


def test_a_protocol_is_read_as_it_was_written(study, protocol):
    folder = study()
    assert Protocol.read(folder) == protocol == Protocol.read(folder / PROTOCOL)
    assert Protocol.read(folder).digest == protocol.digest
    assert replace(protocol, question="Which one?").digest != protocol.digest


def test_votes_have_names_and_scores(protocol, session):
    votes = read_votes(protocol, [session("ann", 1), session("bob", 2)])
    assert len(votes) == 2 * (36 + 6 + 4)
    assert {vote.rater for vote in votes} == {"ann", "bob"}
    assert {vote.score for vote in votes} == {0.0, 1.0}
    assert {vote.seconds for vote in votes} == {2.0}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "is no protocol of a study: "),
        ("[]", "is no protocol of a study that this version reads (it lacks fields"),
        (None, "give the folder that `styleresearch study make` wrote"),
    ],
)
def test_a_protocol_that_is_none(tmp_path, text, message):
    if text is not None:
        (tmp_path / PROTOCOL).write_text(text)
    with pytest.raises(InputError) as caught:
        Protocol.read(tmp_path)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_damaged_parts_of_a_protocol_are_refused(tmp_path, protocol):
    for name, value in {"trials": 0, "cells": [], "methods": [{"name": "a"}], "schema": 2, "floors": []}.items():
        (tmp_path / PROTOCOL).write_text(json.dumps(protocol.to_json() | {name: value}))
        with pytest.raises(InputError, match="no protocol of a study that this version reads"):
            Protocol.read(tmp_path)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"protocol": "0" * 64}, "holds votes of another study (protocol 000000000000, this one is "),
        ({"kind": "shopping list"}, "is no file of votes that a study's page saved"),
        ({"votes": []}, "has 0 of 46 votes; only whole sessions count"),
        ({"seed": 2}, "was changed: vote 1 is not about what the page shows under its seed 2"),
        ({"seed": -1}, "is damaged: its seed is -1"),
        ({"votes": [1] * 46}, "is damaged at vote 1: 1"),
    ],
)
def test_votes_that_do_not_count(protocol, session, changes, message):
    path = session("ann", 1, **changes)
    with pytest.raises(InputError) as caught:
        read_votes(protocol, [path])
    assert str(caught.value).startswith(str(path))
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_ties_only_where_they_are_an_answer(protocol, session):
    path = session("ann", 1)
    votes = [vote | {"choice": "tie"} for vote in json.loads(path.read_text())["votes"]]
    with pytest.raises(InputError, match="damaged at vote 1"):
        read_votes(protocol, [session("ann", 1, votes=votes)])
    plan = replace(protocol, ties=True)
    assert {vote.score for vote in read_votes(plan, [session("ann", 1, plan, votes=votes)])} == {0.5}


def test_damaged_json_and_a_file_that_is_not_there(protocol, tmp_path):
    (tmp_path / "half.json").write_text('{"kind": "styleres')
    with pytest.raises(InputError, match=r"half\.json is damaged, it is no JSON"):
        read_votes(protocol, [tmp_path / "half.json"])
    with pytest.raises(InputError, match=r"cannot read .*none\.json: No such file"):
        read_votes(protocol, [tmp_path / "none.json"])


def test_a_rater_twice(protocol, session):
    with pytest.raises(InputError, match=r"ann-1\.json and .*ann-2\.json are of the same rater \(rater ann\)"):
        read_votes(protocol, [session("ann", 1), session("ann", 2)])
    with pytest.raises(InputError, match=r"are of the same rater \(seed 1\)"):
        read_votes(protocol, [session("ann", 1), session("bob", 1)])
    assert {v.rater for v in read_votes(protocol, [session("", 3), session("", 4)])} == {"seed 3", "seed 4"}


def test_foreign_votes(tmp_path):
    path = tmp_path / "votes.csv"
    path.write_text(
        "rater,content,style,left,right,winner\nann,c,s,ours,theirs,ours\nann,d,s,theirs,ours,left\nbob,c,s,ours,theirs,tie\n"
    )
    assert [(vote.rater, vote.score) for vote in read_foreign(path)] == [("ann", 1.0), ("ann", 1.0), ("bob", 0.5)]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("rater,content,style,a,b,winner\n", "lacks the columns left, right; votes have: rater,content,style,"),
        ("rater,content,style,left,right,winner\n", "has no votes"),
        ("rater,content,style,left,right,winner\nx,c,s,a,b,d\n", "line 2: a vote needs a rater, two methods, and as "),
        ("rater,content,style,left,right,winner\nx,c,s,a,a,a\n", "line 2: "),
        ("rater,content,style,left,right,winner\nx,c\n", "line 2: "),
    ],
)
def test_foreign_votes_that_cannot_be_read(tmp_path, text, message):
    path = tmp_path / "votes.csv"
    path.write_text(text)
    with pytest.raises(InputError) as caught:
        read_foreign(path)
    assert message in str(caught.value)
    assert str(path) in str(caught.value)
