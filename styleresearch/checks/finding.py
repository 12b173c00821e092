"""What was found of one property, and of all: the card of a loss, a metric or a method. Runs without jax."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias, TypeVar

Verdict: TypeAlias = Literal["pass", "fail", "fact"]
"""Whether a property holds; "fact" for what was measured where nothing was promised."""

Subject = TypeVar("Subject")


@dataclass(frozen=True)
class Finding:
    """What was found of one property.

    Attributes:
        group: what the property is about, a heading: "Gradient".
        title: the property: "finite".
        verdict: see ``Verdict``.
        measured: the numbers.
        advice: what to look for, of one that failed.
    """

    group: str
    title: str
    verdict: Verdict
    measured: str
    advice: str = ""


@dataclass(frozen=True)
class Card:
    """All that was found of one loss, metric or method.

    Attributes:
        name: what it is registered as, or its class.
        kind: "loss", "metric" or "method".
        about: its docstring.
        settings: option -> value, as texts.
        findings: in the order in which they are shown.
        facts: what else a reader must know: versions, device, sizes.
        code: where it is defined, and the sha256 of that file.
    """

    name: str
    kind: str
    about: str
    settings: Mapping[str, str]
    findings: Sequence[Finding]
    facts: Mapping[str, str] = field(default_factory=dict)
    code: str = ""

    def count(self, verdict: Verdict) -> int:
        """Return how many findings have a verdict."""
        return sum(finding.verdict == verdict for finding in self.findings)

    @property
    def failed(self) -> tuple[Finding, ...]:
        """The properties that do not hold."""
        return tuple(finding for finding in self.findings if finding.verdict == "fail")

    @property
    def verdict(self) -> str:
        """All in one line."""
        held = self.count("pass")
        of = held + len(self.failed)
        if not self.failed:
            return f"sound: all {of} properties hold"
        return f"{len(self.failed)} of {of} properties do not hold"


def judged(group: str, title: str, holds: bool, measured: str, advice: str) -> Finding:
    """Return a finding that passes or fails; the advice is kept only of one that fails."""
    return Finding(group, title, "pass" if holds else "fail", measured, "" if holds else advice)


Property: TypeAlias = Callable[[Subject], Iterable[Finding]]
"""A function of what is checked; its findings, of which its name is the title where it raises."""


def findings_of(properties: Sequence[tuple[str, Property[Subject]]], subject: Subject) -> Iterator[Finding]:
    """Yield what is found of each property; one that raises has failed.

    Where the first does not hold, nothing else is tried.

    Args:
        properties: (group, property); the first is what all others need.
        subject: what is checked.
    """
    for index, (group, found) in enumerate(properties):
        failed = False
        try:
            for finding in found(subject):
                failed |= finding.verdict == "fail"
                yield finding
        except Exception as error:  # the user's own code may raise anything
            said = (str(error).strip() or "no message").splitlines()[0]
            raised = f"raised {type(error).__name__}: {said[:300]}"
            title = (found.__doc__ or "").strip().splitlines()[0].rstrip(".")
            yield Finding(group, title[:1].lower() + title[1:], "fail", raised, "it must not raise here")
            failed = True
        if failed and index == 0:
            return
