"""What a user study asks, and how much: ``config.study``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from styleresearch.options import Between, Length, Seed

Names = Annotated[tuple[str, ...], Length(0, 100)]

QUESTION = "Which picture shows the content better in the style?"
INSTRUCTIONS = """Each time you see a content picture, a style picture and two candidates, A and B.

A good candidate shows what is in the content picture, painted in the manner of the style picture: its colours, its \
strokes, its shapes. A candidate that only copies the content picture, or only the style picture, is not good.

Choose the one that you think is better. There is no right answer; look at both and follow your first impression."""
CONSENT = """You take part in a study on pictures that computer programs have painted. You compare pairs of pictures; \
this takes about ten minutes. Taking part is voluntary: close this page at any time, and nothing of yours is kept.

Nothing is sent over the network. At the end you save a file with your votes, the time that each took and the size of \
your window, and hand it in yourself. It holds nothing else about you but the name that you may enter below."""


@dataclass(frozen=True)
class Design:
    """What is asked, of which methods, and how often.

    Attributes:
        title: of the page.
        question: what raters answer at every pair.
        instructions: what they read before; an empty line begins a paragraph.
        consent: what they agree to first, likewise.
        recruitment: who the raters are and how they were found, as the end of a sentence ("Raters were ..."), for the
            paragraph of a paper.
        methods: what is compared, by name; by default every method of the run that is no floor baseline.
        floors: the floor baselines that an attentive rater never prefers, by name; by default those that copy the
            content or the style. Other questions have others: "which keeps the content better?" the style alone.
        trials: how many pairs a rater compares; 40 by default, or as many as there are.
        repeats: how many of these come again, sides swapped, in the last third; 4 by default, or one in ten.
        catches: how many trials beside these have a floor baseline on one side; 4 by default, 0 for none.
        most_missed: how many of those a rater may miss; who misses more is left out.
        ties: whether "no difference" is an answer.
        pairs: how many pairs of content and style are shown, drawn at random with contents and styles in balance; by
            default as many as 400 pictures allow, or all.
        side: the longer side of the pictures in the page, in px.
        seed: of that draw.
    """

    title: str = "Which picture is better?"
    question: str = QUESTION
    instructions: str = INSTRUCTIONS
    consent: str = CONSENT
    recruitment: str = ""
    methods: Names | None = None
    floors: Names | None = None
    trials: Annotated[int, Between(1, 1000)] | None = None
    repeats: Annotated[int, Between(0, 300)] | None = None
    catches: Annotated[int, Between(0, 100)] = 4
    most_missed: Annotated[int, Between(0, 100)] = 1
    ties: bool = False
    pairs: Annotated[int, Between(1, 1000)] | None = None
    side: Annotated[int, Between(64, 2048)] = 512
    seed: Seed = 0
