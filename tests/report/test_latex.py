"""Any character as LaTeX, by rules; what they allow was run through pdfLaTeX."""

from __future__ import annotations

import re
import unicodedata

import pytest

from styleresearch.report.latex import escape_latex, preamble

# Latin letters that LaTeX's `t1enc.dfu` declares, so that pdfLaTeX reads and the T1 encoding prints them.
T1 = set(
    "ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÐÑÒÓÔÕÖØÙÚÛÜÝÞßàáâãäåæçèéêëìíîïðñòóôõöøùúûüýþÿĀāĂăĄąĆćĈĉĊċČčĎďĐđĒēĔĕĖėĘęĚěĜĝĞğĠġĢģĤĥĨĩĪīĬĭĮįİıĲĳĴĵĶķĹĺ"
    "ĻļĽľŁłŃńŅņŇňŊŋŌōŎŏŐőŒœŔŕŖŗŘřŚśŜŝŞşŠšŢţŤťŨũŪūŬŭŮůŰűŲųŴŵŶŷŸŹźŻżŽžȘșȚț"
)
# Commands of LaTeX's kernel (with textcomp in it) and accents; in math, of plain TeX. None needs another package.
TEXT = """
textbackslash textasciitilde textasciicircum textless textgreater textbar quotesinglbase quotedblbase guillemotleft
guillemotright guilsinglleft guilsinglright textexclamdown textquestiondown ldots dag ddag S P textbullet copyright
textregistered texttrademark pounds texteuro textyen textcent textperthousand textasciiacute textasciidieresis
textasciimacron c u r H v d k b i j
"""
MATH = """
alpha beta gamma delta varepsilon zeta eta theta iota kappa lambda mu nu xi pi rho varsigma sigma tau upsilon varphi
chi psi omega vartheta phi varpi varrho epsilon mathrm Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega pm
mp times div cdot ast circ bullet surd infty partial nabla sum prod int oint forall exists neg wedge vee cap cup uplus
emptyset oplus ominus otimes oslash odot bot top star prime ell hbar Re Im wp aleph angle triangle bigtriangledown
diamond sharp flat leq geq neq approx equiv sim simeq cong propto ll gg prec succ doteq in notin ni subset supset
subseteq supseteq sqsubseteq sqsupseteq vdash dashv models mid parallel Vert langle rangle lceil rceil lfloor rfloor
cdots vdots ddots leftarrow rightarrow uparrow downarrow leftrightarrow updownarrow Leftarrow Rightarrow Uparrow
Downarrow Leftrightarrow Updownarrow mapsto nearrow searrow swarrow nwarrow hookleftarrow hookrightarrow
rightleftharpoons longleftarrow longrightarrow longleftrightarrow Longleftarrow Longrightarrow Longleftrightarrow
longmapsto frac grave acute hat tilde bar breve dot ddot mathring check vec not
"""
BEYOND = re.compile(r"\\unicodetext\{(?:\\[a-z]+\{\}|\\.|[^{}\\])+\}\{\[(?:\\.|[^\]\\])+\]\}")


def _check(latex: str) -> None:
    """Fail unless ``latex`` is made of what pdfLaTeX with T1 prints."""
    latex = BEYOND.sub("", latex)
    assert set(latex) - T1 <= set(map(chr, range(0x20, 0x7F)))
    pieces = re.split(r"(?<!\\)\$", latex)
    assert len(pieces) % 2 == 1, "math ends"
    for index, piece in enumerate(pieces):
        bare = re.sub(r"\\[{}$&#_%~^'`=.\"]", "", piece)
        assert set(re.findall(r"\\([A-Za-z]+)", bare)) <= set((MATH if index % 2 else TEXT).split()), piece
        assert not re.search(r"\\(?![A-Za-z,])", bare), piece
        if not index % 2:
            assert not set(bare.replace("~", "")) & set("#%&_^"), piece
        depth = 0
        for character in re.sub(r"\\[{}]", "", piece):
            depth += {"{": 1, "}": -1}.get(character, 0)
            assert depth >= 0
        assert depth == 0, piece


def test_every_character_there_is_becomes_something_that_pdflatex_prints():
    for code in range(0x20, 0x110000):
        character = chr(code)
        kind = unicodedata.category(character)
        if kind in ("Cs", "Cn", "Co"):  # surrogates, unassigned, private
            continue
        if kind == "Lo" and code > 0x3400 and code % 97:  # a hundred thousand Han and Hangul characters
            continue
        latex = escape_latex(f"a{character}b")
        _check(latex)
        if character.isprintable() and kind[0] in "LNPS":
            assert latex not in ("ab", "a b"), f"U+{code:04X} {character} is lost"


@pytest.mark.parametrize("mark", list("\u0300\u0308\u030a\u0323\u0328\u0331\u0338\u20d7\u0315\u05b0"))
@pytest.mark.parametrize("base", ["a", "i", "Z", "7", "é", "α", "≤", "_", "~", "日"])
def test_every_base_under_every_accent(base, mark):
    _check(escape_latex(base + mark))


@pytest.mark.parametrize(
    ("text", "latex"),
    [
        ("AdaIN (α=0.5, λ≥10⁻³)", r"AdaIN ($\alpha$=0.5, $\lambda$$\geq$10$^{-3}$)"),
        ("± × → ≠ ∞", r"$\pm$ $\times$ $\rightarrow$ $\neq$ $\infty$"),
        ("xᵢⱼ² ᵝˣ", r"x$_{ij}$$^{2}$ $^{\beta x}$"),
        ("ά 𝛼 µ Ω", r"$\acute{\alpha}$ $\alpha$ $\mu$ $\Omega$"),
        ("½ ㎡ ＡＢ＿ ﬁ", r"$\frac{1}{2}$ m$^{2}$ AB\_ fi"),
        ("Ünïcode ș", "Ünïcode ș"),
        ("x̄ ế ḱ", r"\={x} \'{\^{e}} \'{k}"),
        ("a--b ''c'' ,,", "a-{}-b '{}'c'{}' ,{},"),
        ('“q” "q" `q`', "{``}q{''} {''}q{''} {`}q{`}"),
        ("a\x00b\x1bc\nd\u2028e", "abc d e"),
        ("✓️", r"$\surd$"),
        ("日本 x", r"\unicodetext{日本}{[U+65E5 U+672C]} x"),
        ("", ""),
    ],
)
def test_what_it_becomes(text, latex):
    assert escape_latex(text) == latex


def test_the_preamble_names_what_needs_another_engine_and_only_then():
    assert preamble(escape_latex("α é")) == []
    lines = preamble(escape_latex("日本 é 日"))
    assert lines[0].endswith(": 日本")
    assert all(line.startswith("%") for line in lines[:-1])
