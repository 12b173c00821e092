"""The name of a pair is read back as that pair, or refused before anything is done."""

from contextlib import suppress
from itertools import product

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from styleresearch.data.outputs import Folder, find_outputs
from styleresearch.data.pairnames import check_pair_names, pair_name
from styleresearch.data.titles import check_distinct, check_titles, titles
from styleresearch.errors import InputError

# What makes trouble, dense: underscores, seeds, dots, capitals, both Unicode forms, blanks, links, quotes.
NAME = st.one_of(
    st.text(alphabet="_ab1s.", min_size=1, max_size=8),
    st.text(alphabet="_aA\u00e9e\u0301 -.%#?'\"&<日👨\u200d", min_size=1, max_size=6),
    st.sampled_from(("a", "a_", "_a", "a__s1", "b__a", "a.png", "a.jpg", "s1", "_", "__")),
)
FILE = st.tuples(NAME, st.sampled_from((".png", ".jpg", ".PNG"))).map("".join)
FILES = st.lists(FILE, min_size=1, max_size=4, unique=True)


@settings(max_examples=100, deadline=None)
@given(FILES, FILES, st.sampled_from(((None,), (0, 1), (1, 11))))
@example(["trail_.png"], ["x.png"], (None,))
@example(["trail_.png", "trail.png"], ["x.png", "_x.png"], (None,))
@example(["a.png", "a.jpg"], ["x.png"], (None,))
@example(["a.png", "a__b.png"], ["b__c.png", "c.png"], (None,))
@example(["a.png"], ["x.png", "x__s1.png"], (0, 1))
@example(["1.png"], ["a.jpg", "a.png.png"], (None,))
def test_what_compare_writes_evaluate_reads_as_the_same(tmp_path_factory, contents, styles, seeds):
    """For all names that a comparison accepts: its own copies, and the pictures that it was made from."""
    try:
        called = []
        for files in (contents, styles):
            visible = sorted(file for file in files if not file.startswith("."))
            check_titles("picture", titles(visible))
            check_distinct(visible, titles(visible))
            called.append(dict(zip(titles(visible), visible, strict=True)))
        check_pair_names(tuple(called[0]), tuple(called[1]), seeds)
    except InputError:
        return
    if not called[0] or not called[1]:
        return
    run = tmp_path_factory.mktemp("run")
    for group, files in zip(("content", "style"), called, strict=True):
        for file in (*(f"inputs/{group}/{title}.png" for title in files), *(f"{group}/{f}" for f in files.values())):
            (run / file).parent.mkdir(parents=True, exist_ok=True)
            (run / file).touch()
    (run / "outputs").mkdir()
    wanted = {}
    for content, style, seed in product(*called, seeds):
        file = run / "outputs" / f"{pair_name(content, style, seed)}.png"
        assert not file.exists(), "two pairs share a file"
        file.touch()
        wanted[file.name] = content, style, seed
    outputs, notes = find_outputs([Folder.of(str(run / "outputs"))], run / "inputs/content", run / "inputs/style")
    assert {each.output.name: (each.content_title, each.style_title, each.seed) for each in outputs} == wanted
    assert not notes
    # From the pictures themselves, whose endings allow more readings: the same, or told to be unclear.
    with suppress(InputError):
        outputs, notes = find_outputs([Folder.of(str(run / "outputs"))], run / "content", run / "style")
        assert {each.output.name: (each.content_title, each.style_title, each.seed) for each in outputs} == wanted
        assert not notes
        originals = {name: called[0][content] for name, (content, _, _) in wanted.items()}
        assert {each.output.name: each.content.name for each in outputs} == originals


def test_a_pair_that_reads_as_two_is_refused_with_both():
    with pytest.raises(InputError) as caught:
        check_pair_names(("trail", "trail_"), ("x", "_x"), (None,))
    ways = "content 'trail' with style '_x' or content 'trail_' with style 'x'"
    assert f"a file 'trail___x' would be read as {ways}: rename one of these pictures" in str(caught.value)
    check_pair_names(("trail_",), ("x",), (None,))


@pytest.mark.parametrize("letter", ["m", "ü", "日"])
def test_names_that_are_too_long_together_are_refused_by_picture(tmp_path, letter):
    """The longest that are taken do fit, with every ending that is put to them."""
    size = len(letter.encode())
    fits = letter * ((255 - len("cat__.json")) // size)
    check_pair_names(("cat",), (fits,), (None,))
    (tmp_path / f"cat__{fits}.json").touch()
    with pytest.raises(InputError) as caught:
        check_pair_names(("cat", "dog"), ("x", fits + letter), (None,))
    assert f"the picture {fits + letter!r} ({len(fits) * size + size} bytes) makes 2 names of outputs longer" in str(
        caught.value
    )
    with pytest.raises(InputError, match="makes 2 names of outputs longer"):
        check_pair_names(("cat",), (fits,), (1, 2))
