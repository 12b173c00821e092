"""Which pictures of two sets belong together: those of one name, whatever the endings and the order."""

from __future__ import annotations

import unicodedata

import numpy as np
import pytest

from styleresearch.data.pairs import partners
from styleresearch.data.pictures import Dataset
from styleresearch.errors import InputError


class Named(Dataset):
    """Pictures of which only the names matter here."""

    def __init__(self, *names):
        self._names = names

    def __len__(self):
        return len(self._names)

    def __getitem__(self, index):
        return np.full((2, 2, 3), index, np.uint8)

    def name(self, index):
        return self._names[index]

    def names(self):
        return self._names

    def identity(self):
        return "0" * 64


def test_pairs_go_by_name_whatever_the_ending_and_the_order():
    assert partners(Named("a.png", "b.png", "c/d.png"), Named("c/d.JPG", "b.jpeg", "a.bmp")) == (2, 1, 0)


def test_one_name_in_two_unicode_forms_is_one():
    composed, apart = (unicodedata.normalize(form, "Åre.png") for form in ("NFC", "NFD"))
    assert composed != apart
    assert partners(Named("b.png", composed), Named(apart, "b.png")) == (1, 0)


def test_a_dot_in_a_name_without_an_ending_is_part_of_the_name():
    assert partners(Named("v1.0", "v1.1"), Named("v1.1", "v1.0")) == (1, 0)


def test_those_without_a_partner_are_counted_and_named():
    with pytest.raises(InputError, match="1 content pictures have no style picture: b; 1 style pictures"):
        partners(Named("a.png", "b.png"), Named("a.png", "c.png"))
    with pytest.raises(InputError, match=r"6 content pictures have no style picture: 1, 2, 3, 4, 5, \.\.\.\. A pair"):
        partners(Named(*"0123456"), Named("0"))


def test_two_of_one_name_are_refused_with_both():
    with pytest.raises(InputError, match=r"two style pictures are called 'a', .* ending: a\.png and a\.jpg"):
        partners(Named("a.png"), Named("a.png", "a.jpg"))
