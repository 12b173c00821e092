"""What is kept of pictures that come again."""

from __future__ import annotations

import numpy as np

from styleresearch.evaluation.recent import Recent


def picture(value: float, width: int = 4) -> np.ndarray:
    return np.full((1, 3, width, 3), value, np.float32)


def test_a_picture_is_known_by_its_values_and_shape():
    recent, computed = Recent(), []

    def get(image: np.ndarray) -> object:
        return recent.get(image, lambda: computed.append(image) or {"mean": image.mean((1, 2, 3))})

    first = get(picture(0.5))
    assert get(picture(0.5)) is first
    assert get(picture(0.25)) is not first
    assert get(picture(0.5).reshape(1, 4, 3, 3)) is not first
    assert get(picture(0.5)) is first
    assert len(computed) == 3


def test_what_was_asked_for_longest_ago_is_dropped_beyond_the_size():
    recent, computed = Recent(most_bytes=100), []

    def get(value: float, size: int) -> None:
        recent.get(picture(value), lambda: computed.append(value) or [np.zeros(size, np.uint8)])

    get(1, 40)
    get(2, 40)
    get(1, 40)
    get(3, 40)  # 2 has to go
    get(1, 40)
    get(2, 40)  # and 3
    assert computed == [1, 2, 3, 2]
    get(4, 1000)  # alone it may be larger
    get(4, 1000)
    assert computed == [1, 2, 3, 2, 4]
    get(2, 40)
    assert computed == [1, 2, 3, 2, 4, 2]
