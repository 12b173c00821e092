"""What the votes of a study say: strengths with intervals, and whether the raters can be trusted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from styleresearch.errors import InputError, nearest
from styleresearch.evaluation.statistics.bradley_terry import Contrast, apart, bradley_terry
from styleresearch.evaluation.statistics.cells import cell_table
from styleresearch.evaluation.statistics.holm import holm
from styleresearch.evaluation.statistics.interval import Estimate
from styleresearch.evaluation.statistics.proportion import share_interval
from styleresearch.study.protocol import Protocol
from styleresearch.study.votes import Vote

FEW = 5
"""Below this many raters, contents or styles it is said that the intervals know little about others."""


@dataclass(frozen=True)
class Standing:
    """What the votes say of a method.

    Attributes:
        name: its name.
        label: its name for people.
        votes: how many it was in.
        won: how many of these it won, a tie counting half.
        strength: log-odds of being preferred, against the average of all methods.
        against: log-odds of being preferred over the reference; ``None`` for that itself.
        p_holm: p-value of that being 0, after Holm's correction over all methods; NaN where there is none.
    """

    name: str
    label: str
    votes: int
    won: float
    strength: Contrast
    against: Contrast | None
    p_holm: float


@dataclass(frozen=True)
class Analysis:
    """What the votes of a study say.

    Attributes:
        standings: the methods, strongest first.
        reference: label of the one that the others are compared with.
        raters: whose votes count.
        excluded: rater -> how many catch trials were missed, for those whose votes do not.
        votes: how many count: first answers, without repeats and catch trials.
        ties: how many of these are ties.
        contents: how many content pictures they are about.
        styles: how many style pictures.
        agreement: share of repeated trials with the answer of the first time; ``None`` without any.
        left: share of answers for the left side (A), ties half.
        missed: floor baseline -> (how often it was not rejected, catch trials), of all raters.
        seconds: median time of an answer; ``None`` where not known.
        notes: what is not known, as sentences.
        protocol: that of the study; ``None`` for votes from elsewhere.
    """

    standings: tuple[Standing, ...]
    reference: str
    raters: tuple[str, ...]
    excluded: dict[str, int]
    votes: int
    ties: int
    contents: int
    styles: int
    agreement: Estimate | None
    left: Estimate
    missed: dict[str, tuple[int, int]]
    seconds: float | None
    notes: tuple[str, ...]
    protocol: Protocol | None


def analyse_votes(votes: Sequence[Vote], protocol: Protocol | None, reference: str | None = None) -> Analysis:
    """Fit the strengths of the methods to the votes of the raters who noticed the catch trials.

    Args:
        votes: of all raters.
        protocol: of the study; ``None`` for votes from elsewhere.
        reference: name of the method that the others are compared with; by default the protocol's first.

    Raises:
        InputError: if every rater is excluded, there is no such reference, or no votes connect two methods.
    """
    caught = [vote for vote in votes if vote.kind == "catch"]
    floors = {} if protocol is None else {shown.name: shown.label for shown in protocol.floors}
    missed = Counter(vote.rater for vote in caught if _fooled(vote, floors))
    everybody = list(dict.fromkeys(vote.rater for vote in votes))
    most = 0 if protocol is None else protocol.most_missed
    excluded = {rater: missed[rater] for rater in everybody if missed[rater] > most}
    raters = tuple(rater for rater in everybody if rater not in excluded)
    if not raters:
        raise InputError(
            f"no rater is left: all {len(everybody)} missed more than {most} catch trials; were the instructions clear?"
        )
    kept = [vote for vote in votes if vote.rater not in excluded]
    first = [vote for vote in kept if vote.kind == "vote"]
    named = (
        dict.fromkeys(name for vote in first for name in (vote.left, vote.right))
        if protocol is None
        else {shown.name: shown.label for shown in protocol.methods}
    )
    labels = {name: label or name for name, label in named.items()}
    standings, reference = _standings(first, labels, reference)
    answers = [vote for vote in kept if vote.kind != "catch"]
    times = [vote.seconds for vote in kept if vote.seconds is not None]
    counts = {
        "rater": len(raters),
        "content": len({vote.content for vote in first}),
        "style": len({vote.style for vote in first}),
    }
    return Analysis(
        standings=standings,
        reference=labels[reference],
        raters=raters,
        excluded=excluded,
        votes=len(first),
        ties=sum(vote.score == 0.5 for vote in first),
        contents=counts["content"],
        styles=counts["style"],
        agreement=_agreement(kept),
        left=_share(answers, lambda vote: vote.score),
        missed={
            label: (sum(_fooled(v, floors) for v in about), len(about))
            for name, label in floors.items()
            if (about := [vote for vote in caught if name in (vote.left, vote.right)])
        },
        seconds=float(np.median(times)) if times else None,
        notes=tuple(_notes(counts)),
        protocol=protocol,
    )


def _standings(
    votes: Sequence[Vote], labels: dict[str, str], reference: str | None
) -> tuple[tuple[Standing, ...], str]:
    names = list(labels)
    reference = names[0] if reference is None else reference
    if reference not in labels:
        raise InputError(f"no method {reference!r} in this study.{nearest(reference, names)} There are: {names}")
    number = {name: index for index, name in enumerate(names)}
    left, right = (np.array([number[name] for name in side]) for side in _sides(votes))
    score = np.array([vote.score for vote in votes])
    if lone := apart(left, right, len(names)):
        raise InputError(
            f"no votes connect {', '.join(labels[names[i]] for i in lone)} with {labels[names[0]]}, not even by way of "
            "other methods: they cannot be compared"
        )
    factors = [
        np.unique([getattr(vote, factor) for vote in votes], return_inverse=True)[1]
        for factor in ("rater", "content", "style")
    ]
    fit = bradley_terry(left, right, score, len(names), factors)
    against = {name: fit.difference(number[name], number[reference]) for name in names if name != reference}
    adjusted = dict(zip(against, holm([found.p for found in against.values()]), strict=True))
    found = [
        Standing(
            name,
            labels[name],
            int((left == index).sum() + (right == index).sum()),
            float(score[left == index].sum() + (1 - score[right == index]).sum()),
            fit.strength(index),
            against.get(name),
            adjusted.get(name, float("nan")),
        )
        for name, index in number.items()
    ]
    return tuple(sorted(found, key=lambda standing: -standing.strength.value)), reference


def _sides(votes: Sequence[Vote]) -> tuple[list[str], list[str]]:
    return [vote.left for vote in votes], [vote.right for vote in votes]


def _fooled(vote: Vote, floors: dict[str, str]) -> bool:
    """Return whether a catch trial was not answered for the method."""
    return vote.score != (0.0 if vote.left in floors else 1.0)


def _agreement(votes: Sequence[Vote]) -> Estimate | None:
    """Return how often a repeated trial, whose sides are swapped, got the answer of the first time."""
    first = {
        (vote.rater, vote.content, vote.style, vote.left, vote.right): vote.score
        for vote in votes
        if vote.kind == "vote"
    }
    repeats = [vote for vote in votes if vote.kind == "repeat"]

    def same(vote: Vote) -> float:
        return float(first[vote.rater, vote.content, vote.style, vote.right, vote.left] == 1 - vote.score)

    return _share(repeats, same) if repeats else None


def _share(votes: Sequence[Vote], value: Callable[[Vote], float]) -> Estimate:
    """Return the mean of a value between 0 and 1, with raters and pairs of content and style random."""
    return share_interval(
        cell_table([value(vote) for vote in votes], [v.rater for v in votes], [(v.content, v.style) for v in votes])
    )


def _notes(counts: dict[str, int]) -> list[str]:
    found = []
    for factor, count in counts.items():
        if count == 1:
            found.append(f"One {factor}: the intervals say nothing about other {factor}s.")
        elif count < FEW:
            found.append(f"{count} {factor}s: the intervals can know little about other {factor}s.")
    return found
