r"""Any text as LaTeX that prints it under pdfLaTeX: ASCII, letters of the T1 encoding, and commands of LaTeX's kernel.

What those cannot print (Chinese, Cyrillic, emoji) stands in ``\unicodetext{the text}{[its code points]}``: XeLaTeX and
LuaLaTeX print the text, pdfLaTeX the code points, and no engine stops. ``preamble`` defines it where it is needed.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

_ASCII = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#", "_": r"\_", "%": r"\%",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "<": r"\textless{}", ">": r"\textgreater{}",
    "|": r"\textbar{}", '"': "{''}", "`": "{`}",
}  # fmt: skip

_TEXT = {
    "\N{NO-BREAK SPACE}": "~", "\N{NARROW NO-BREAK SPACE}": r"\,", "\N{THIN SPACE}": r"\,",
    "\N{HYPHEN}": "-", "\N{NON-BREAKING HYPHEN}": "-", "\N{FIGURE DASH}": "--", "\N{EN DASH}": "--",
    "\N{EM DASH}": "---", "\N{HORIZONTAL BAR}": "---", "\N{LEFT SINGLE QUOTATION MARK}": "{`}",
    "\N{RIGHT SINGLE QUOTATION MARK}": "'", "\N{LEFT DOUBLE QUOTATION MARK}": "{``}",
    "\N{RIGHT DOUBLE QUOTATION MARK}": "{''}", "\N{SINGLE LOW-9 QUOTATION MARK}": r"\quotesinglbase{}",
    "\N{DOUBLE LOW-9 QUOTATION MARK}": r"\quotedblbase{}", "«": r"\guillemotleft{}", "»": r"\guillemotright{}",
    "\N{SINGLE LEFT-POINTING ANGLE QUOTATION MARK}": r"\guilsinglleft{}",
    "\N{SINGLE RIGHT-POINTING ANGLE QUOTATION MARK}": r"\guilsinglright{}",
    "¡": r"\textexclamdown{}", "¿": r"\textquestiondown{}", "…": r"\ldots{}", "†": r"\dag{}", "‡": r"\ddag{}",
    "§": r"\S{}", "¶": r"\P{}", "•": r"\textbullet{}", "©": r"\copyright{}", "®": r"\textregistered{}",
    "™": r"\texttrademark{}", "£": r"\pounds{}", "€": r"\texteuro{}", "¥": r"\textyen{}", "¢": r"\textcent{}",
    "‰": r"\textperthousand{}", "´": r"\textasciiacute{}", "¨": r"\textasciidieresis{}",
    "¯": r"\textasciimacron{}", "¸": r"\c{}", "\N{MODIFIER LETTER APOSTROPHE}": "'",
    "\N{MODIFIER LETTER TURNED COMMA}": "{`}",
}  # fmt: skip
_KEPT = frozenset(map(chr, range(0xC0, 0x180))) - frozenset("×÷ĦħĸĿŀŉŦŧſ") | frozenset("ȘșȚț")
"""Latin letters that pdfLaTeX reads as they are (UTF-8 is its default) and the T1 encoding prints."""


def _pairs(characters: str, commands: str) -> dict[str, str]:
    return dict(zip(characters.split(), commands.split(), strict=True))


_MATH = {
    **_pairs(
        "α β γ δ ε ζ η θ ι κ λ μ ν ξ ο π ρ ς σ τ υ φ χ ψ ω ϑ ϕ ϖ ϱ ϵ",
        r"\alpha \beta \gamma \delta \varepsilon \zeta \eta \theta \iota \kappa \lambda \mu \nu \xi o \pi \rho "
        r"\varsigma \sigma \tau \upsilon \varphi \chi \psi \omega \vartheta \phi \varpi \varrho \epsilon",
    ),
    **_pairs(
        "Α Β Γ Δ Ε Ζ Η Θ Ι Κ Λ Μ Ν Ξ Ο Π Ρ Σ Τ Υ Φ Χ Ψ Ω",
        r"\mathrm{A} \mathrm{B} \Gamma \Delta \mathrm{E} \mathrm{Z} \mathrm{H} \Theta \mathrm{I} \mathrm{K} \Lambda "
        r"\mathrm{M} \mathrm{N} \Xi \mathrm{O} \Pi \mathrm{P} \Sigma \mathrm{T} \Upsilon \Phi \mathrm{X} \Psi \Omega",
    ),
    **_pairs(
        "± ∓ × ÷ · ⋅ ∗ ∘ − ∙ √ ∞ ∂ ∇ ∑ ∏ ∫ ∮ ∀ ∃ ¬ ∧ ∨ ∩ ∪ ⊎ ∅ ⊕ ⊖ ⊗ ⊘ ⊙ ⊥ ⊤ ⋆ ★ ☆ ° ′ ″ ℓ ℏ ℜ ℑ ℘ ℵ ∠ △ ▽ ◇ ♯ ♭ ✓ ✔",
        r"\pm \mp \times \div \cdot \cdot \ast \circ - \bullet \surd \infty \partial \nabla \sum \prod \int \oint "
        r"\forall \exists \neg \wedge \vee \cap \cup \uplus \emptyset \oplus \ominus \otimes \oslash \odot \bot \top "
        r"\star \star \star {}^{\circ} {}^{\prime} {}^{\prime\prime} \ell \hbar \Re \Im \wp \aleph \angle \triangle "
        r"\bigtriangledown \diamond \sharp \flat \surd \surd",
    ),
    **_pairs(
        "≤ ≥ ⩽ ⩾ ≠ ≈ ≡ ∼ ≃ ≅ ∝ ≪ ≫ ≺ ≻ ≐ ∈ ∉ ∋ ⊂ ⊃ ⊆ ⊇ ⊑ ⊒ ⊢ ⊣ ⊨ ∣ ∥ ‖ ⟨ ⟩ ⌈ ⌉ ⌊ ⌋ ⋯ ⋮ ⋱",
        r"\leq \geq \leq \geq \neq \approx \equiv \sim \simeq \cong \propto \ll \gg \prec \succ \doteq \in \notin \ni "
        r"\subset \supset \subseteq \supseteq \sqsubseteq \sqsupseteq \vdash \dashv \models \mid \parallel \Vert "
        r"\langle \rangle \lceil \rceil \lfloor \rfloor \cdots \vdots \ddots",
    ),
    **_pairs(
        "← → ↑ ↓ ↔ ↕ ⇐ ⇒ ⇑ ⇓ ⇔ ⇕ ↦ ↗ ↘ ↙ ↖ ↩ ↪ ⇌ ⟵ ⟶ ⟷ ⟸ ⟹ ⟺ ⟼",
        r"\leftarrow \rightarrow \uparrow \downarrow \leftrightarrow \updownarrow \Leftarrow \Rightarrow \Uparrow "
        r"\Downarrow \Leftrightarrow \Updownarrow \mapsto \nearrow \searrow \swarrow \nwarrow \hookleftarrow "
        r"\hookrightarrow \rightleftharpoons \longleftarrow \longrightarrow \longleftrightarrow \Longleftarrow "
        r"\Longrightarrow \Longleftrightarrow \longmapsto",
    ),
}
_ACCENTS = {
    "\u0300": (r"\`", r"\grave"), "\u0301": (r"\'", r"\acute"), "\u0302": (r"\^", r"\hat"),
    "\u0303": (r"\~", r"\tilde"), "\u0304": (r"\=", r"\bar"), "\u0306": (r"\u", r"\breve"),
    "\u0307": (r"\.", r"\dot"), "\u0308": (r'\"', r"\ddot"), "\u030a": (r"\r", r"\mathring"),
    "\u030b": (r"\H", ""), "\u030c": (r"\v", r"\check"), "\u0323": (r"\d", ""), "\u0327": (r"\c", ""),
    "\u0328": (r"\k", ""), "\u0331": (r"\b", ""), "\u0338": ("", r"\not"), "\u20d7": ("", r"\vec"),
}  # fmt: skip
"""A combining mark -> the accent's command in text and in math, empty where there is none."""
_JOINED = re.compile(r"(?<=-)(?=-)|(?<=')(?=')|(?<=,)(?=,)")
"""Between two characters that a font would join to a dash or a quotation mark."""
_SCRIPTS = re.compile(r"\$(?P<kind>[\^_])\{(?P<a>[^{}$]*)\}\$\$(?P=kind)\{(?P<b>[^{}$]*)\}\$")
"""Two superscripts, or two subscripts, side by side."""
_SELECTORS = re.compile("[\ufe00-\ufe0f\U000e0100-\U000e01ef]")
"""Marks that only choose among forms of the character before them."""


def escape_latex(text: str) -> str:
    """Return ``text`` as LaTeX that prints it; see the module for how. White space becomes a space."""
    found, beyond = [], ""
    for cluster in _clusters(_JOINED.sub("\0", text.replace("\0", ""))):
        known = "{}" if cluster == "\0" else _known(cluster)
        if known is None:
            beyond += cluster
            continue
        found += [_beyond(beyond), known] if beyond else [known]
        beyond = ""
    escaped = "".join([*found, _beyond(beyond)] if beyond else found)
    while (merged := _SCRIPTS.sub(_merged, escaped)) != escaped:
        escaped = merged
    return escaped


def _merged(scripts: re.Match[str]) -> str:
    kind, a, b = scripts.group("kind", "a", "b")
    return f"${kind}{{{a}{' ' if re.search(r'[A-Za-z]{2}$', a) else ''}{b}}}$"


def preamble(body: str) -> list[str]:
    """Return the lines that must stand above ``body``, which ``escape_latex`` made: none if pdfLaTeX prints it all."""
    if r"\unicodetext{" not in body:
        return []
    beyond = "".join(dict.fromkeys(c for c in body if not c.isascii() and c not in _KEPT))
    return [
        f"% Needs XeLaTeX or LuaLaTeX with a font (package fontspec) that has: {beyond}",
        "% pdfLaTeX prints their code points. Where it has a package for them (CJKutf8, T2A), put above this table:",
        r"% \newcommand{\unicodetext}[2]{#1}",
        r"\providecommand{\unicodetext}[2]{\ifdefined\Umathchar #1\else #2\fi}",
    ]


def _clusters(text: str) -> Iterator[str]:
    """Yield characters, each with its combining marks; what does not print is left out."""
    text = _SELECTORS.sub("", "".join(c if c in _TEXT or not c.isspace() else " " for c in text))
    cluster = ""
    for character in unicodedata.normalize("NFC", text):
        if not (character.isprintable() or character in _TEXT or character == "\0"):
            continue
        if cluster and not unicodedata.combining(character):
            yield cluster
            cluster = ""
        cluster += character
    if cluster:
        yield cluster


def _known(cluster: str) -> str | None:
    """Return the LaTeX of a character with its marks; ``None`` when pdfLaTeX has none."""
    if len(cluster) > 1:
        return _accented(cluster[0], cluster[1:])
    if cluster in _ASCII or cluster in _TEXT:
        return _ASCII.get(cluster) or _TEXT[cluster]
    if cluster in _MATH:
        return f"${_MATH[cluster]}$"
    if cluster.isascii() or cluster in _KEPT:
        return cluster
    kind, *codes = unicodedata.decomposition(cluster).split() or [""]
    if not kind.startswith("<"):  # a letter with accents, or nothing to take apart
        parts = unicodedata.normalize("NFD", cluster)
        return _accented(parts[0], parts[1:]) if len(parts) > 1 else None
    plain = "".join(chr(int(code, 16)) for code in codes)
    if kind in ("<super>", "<sub>"):
        script = _in_math(plain)
        return None if script is None else f"${'^' if kind == '<super>' else '_'}{{{script}}}$"
    if kind == "<fraction>":
        above, _, below = plain.partition("\N{FRACTION SLASH}")
        return rf"$\frac{{{above}}}{{{below}}}$"
    known = [_known(each) for each in _clusters(plain)]
    return "".join(part for part in known if part) if known and None not in known else None


def _in_math(text: str) -> str | None:
    """Return letters, digits and signs as they are written in math mode; ``None`` for anything else."""
    plain = all((c.isascii() and c.isalnum()) or c in "+-=()" or c in _MATH for c in text)
    return " ".join(_MATH.get(c, c) for c in text) if plain else None


def _accented(base: str, marks: str) -> str | None:
    """Return a Latin letter or a symbol of mathematics under its accents; ``None`` when one has no command."""
    in_math = base in _MATH
    if not in_math and not (base.isascii() and base.isalnum()) and base not in _KEPT:
        return None
    found = _MATH[base] if in_math else {"i": r"\i", "j": r"\j"}.get(base, base)
    for mark in marks:
        command = _ACCENTS.get(mark, ("", ""))[in_math]
        if not command:
            return None
        found = f"{command}{{{found}}}"
    return f"${found}$" if in_math else found


def _beyond(text: str) -> str:
    codes = " ".join(f"U+{ord(c):04X}" if not c.isascii() else _ASCII.get(c, c) for c in text)
    return rf"\unicodetext{{{''.join(_ASCII.get(c, c) for c in text)}}}{{[{codes}]}}"
