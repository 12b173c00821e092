"""What the painter paints: landscapes, still lifes and portraits as maps of colour, direction and region."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from styleresearch.painter.canvas import grid, noise, step, wave
from styleresearch.painter.palette import Palette, mix


@dataclass(frozen=True)
class Scene:
    """A composition, before any style.

    Attributes:
        colour: (h, w, 3), what is where.
        angle: (h, w) radians, the direction in which a brush would follow the form (y down).
        label: (h, w) small whole numbers, one for each thing.
        palette: the colours it is made of.
    """

    colour: np.ndarray
    angle: np.ndarray
    label: np.ndarray
    palette: Palette


class _Builder:
    """Lays one thing over another; coordinates are fractions of height (y) and width (x)."""

    def __init__(self, rng: np.random.Generator, h: int, w: int, palette: Palette) -> None:
        self.rng, self.h, self.w, self.palette = rng, h, w, palette
        self.y, self.x = grid(h, w)
        self.aspect = w / h
        self.colour = np.zeros((h, w, 3), np.float32)
        self.angle = np.zeros((h, w), np.float32)
        self.label = np.zeros((h, w), np.int16)
        self.things = 0

    def put(self, distance: np.ndarray, colour: np.ndarray, angle: np.ndarray | float, region: bool = True) -> None:
        """Lay a thing where ``distance`` (in heights, positive inside) is positive."""
        mask = step(distance, 0.75 / self.h)
        inside = mask > 0.5
        self.colour = mix(self.colour, np.broadcast_to(colour, self.colour.shape), mask)
        self.angle = np.where(inside, angle, self.angle)
        if region:
            self.things += 1
            self.label = np.where(inside, self.things, self.label)

    def ellipse(self, cy: float, cx: float, ry: float, rx: float, tilt: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
        """Return (distance to an ellipse's edge, positive inside; angle around it); radii in heights."""
        dy, dx = self.y - cy, (self.x - cx) * self.aspect
        u, v = dx * np.cos(tilt) + dy * np.sin(tilt), dy * np.cos(tilt) - dx * np.sin(tilt)
        radius = np.sqrt((u / rx) ** 2 + (v / ry) ** 2)
        return (1 - radius) * min(ry, rx), np.arctan2(dx, -dy)

    def ball(self, cy: float, cx: float, r: float, colour: np.ndarray, squash: float = 1.0) -> None:
        """Lay a lit sphere with a shadow below it."""
        palette = self.palette
        shadow, _ = self.ellipse(cy + r * 0.85, cx + 0.25 * r / self.aspect, r * 0.3, r * 1.15)
        self.colour = mix(self.colour, palette.dark, 0.55 * step(shadow, 0.2 * r))
        distance, around = self.ellipse(cy, cx, r * squash, r)
        dy, dx = (self.y - cy) / r, (self.x - cx) * self.aspect / r
        light = np.clip(1.0 - np.hypot(dy + 0.45, dx + 0.4) / 1.6, 0, 1)
        body = mix(mix(colour, palette.dark, 0.55), colour, np.clip(light * 1.8, 0, 1))
        self.put(distance, mix(body, palette.light, np.clip(light * 3.2 - 2.1, 0, 0.9)), around)

    def scene(self) -> Scene:
        return Scene(np.clip(self.colour, 0, 1), self.angle, self.label, self.palette)


def _stream(b: _Builder, centres: list[tuple[float, float, float]]) -> tuple[np.ndarray, np.ndarray]:
    """Return (stream function, direction of its flow): eddies (y, x, radius) in a random current."""
    flow = 0.55 * noise(b.rng, b.h, b.w, 1.6, 2) + 1.3 * b.y
    for i, (cy, cx, r) in enumerate(centres):
        d2 = ((b.y - cy) ** 2 + ((b.x - cx) * b.aspect) ** 2) / r**2
        flow = flow + (1.3 if i % 2 == 0 else -1.3) * np.exp(-d2)
    if min(b.h, b.w) < 2:
        return flow, np.zeros_like(flow)
    dy, dx = np.gradient(flow)
    return flow, np.arctan2(-dx, dy)


def landscape(rng: np.random.Generator, h: int, w: int, palette: Palette) -> Scene:
    """Return hills or a shore under a swirling sky with sun or moon, trees and houses."""
    b, p = _Builder(rng, h, w, palette), palette
    horizon = rng.uniform(0.5, 0.62)
    sun = (rng.uniform(0.14, 0.3), rng.uniform(0.62, 0.86) if rng.random() < 0.6 else rng.uniform(0.15, 0.4))
    radius = rng.uniform(0.06, 0.09)
    eddies = [(*sun, 2.1 * radius)] + [
        (rng.uniform(0.1, horizon - 0.1), rng.uniform(0.05, 0.95), rng.uniform(0.1, 0.2)) for _ in range(3)
    ]
    flow, direction = _stream(b, eddies)
    sky = mix(p.high, p.low, np.clip(b.y / horizon, 0, 1) ** 1.4 + 0.16 * np.sin(16 * flow))
    clouds = np.clip(noise(rng, h, w, 2.2, 4, (2.0, 1.0)) * 1.6 - 0.25, 0, 0.75)
    sky = mix(sky, mix(p.paper, p.low, 0.3), clouds * np.clip(1.3 - b.y / horizon, 0, 1))
    near_sun = np.hypot(b.y - sun[0], (b.x - sun[1]) * b.aspect)
    sky = mix(sky, p.light, 0.75 * np.exp(-((near_sun / (2.2 * radius)) ** 2)))
    b.put(np.ones((h, w), np.float32), sky, direction)
    disc, around = b.ellipse(*sun, radius, radius)
    b.put(disc, mix(p.light, p.paper, 0.35), around)

    water = rng.random() < 0.4
    layers = int(rng.integers(3, 5))
    grounds = [mix(p.far, p.low, 0.3), p.far, p.middle, p.near, mix(p.near, p.dark, 0.35)]
    for i in range(layers):
        base = horizon + (1 - horizon) * (i / layers) ** 1.15
        ridge = base - (0.12 if i == 0 else 0.06) * wave(rng, b.x, 0.8 + 0.5 * i, 5 if i == 0 else 3)
        colour = mix(grounds[i], grounds[i + 1], np.clip((b.y - ridge) * 2.6, 0, 1))
        if water and i == 1:
            depth = np.maximum(b.y - horizon, 0)
            bend = 1 + 0.1 * wave(rng, b.x, 2.0)
            ripple = np.sin(90 * depth**0.7 * bend + 5 * wave(rng, b.x, 1.3, 3))
            glint = np.exp(-(((b.x - sun[1]) * b.aspect / (0.05 + 0.35 * depth)) ** 2))
            colour = mix(mix(p.high, p.far, 0.35), p.low, 0.35 + 0.3 * ripple)
            colour = mix(colour, p.light, np.clip(glint * (0.55 + 0.6 * ripple), 0, 1))
            b.put(b.y - horizon - 0.03, colour, 0.0)
            continue
        furrow = np.sin(2 * np.pi * (b.x * rng.uniform(3, 6) + (b.y - ridge) * rng.uniform(-9, 9)) * (1 + i / 2))
        colour = mix(colour, p.second if i % 2 else p.light, 0.22 * np.clip(furrow + noise(rng, h, w, 6, 2), 0, 1))
        slope = np.gradient(ridge, axis=1) * h if w > 1 else np.zeros_like(ridge)
        b.put(b.y - ridge, colour, np.arctan2(slope, b.aspect * h) + 0.25 * np.sign(slope))
        if i == 1:
            _houses(b, horizon)
    _trees(b, horizon)
    return b.scene()


def _houses(b: _Builder, horizon: float) -> None:
    """Lay a few houses with roofs on the middle ground."""
    p, rng = b.palette, b.rng
    start = rng.uniform(0.15, 0.6)
    for _ in range(int(rng.integers(3, 6))):
        start += rng.uniform(0.035, 0.09)
        foot, wide, high = horizon + rng.uniform(0.08, 0.13), rng.uniform(0.03, 0.055), rng.uniform(0.035, 0.06)
        dx = np.abs(b.x - start) * b.aspect
        b.put(np.minimum(wide - dx, np.minimum(foot - b.y, b.y - foot + high)), mix(p.paper, p.low, 0.35), 1.57)
        roof = np.minimum(foot - high - b.y, (b.y - (foot - 2 * high)) - dx * high / (1.25 * wide))
        b.put(roof, p.accent, np.where(b.x > start, 0.8, -0.8))
        b.put(np.minimum(0.008 - dx, 0.012 - np.abs(b.y - foot + high / 2)), p.dark, 1.57, region=False)


def _trees(b: _Builder, horizon: float) -> None:
    """Lay cypresses and round trees in the foreground."""
    p, rng = b.palette, b.rng
    side = rng.uniform(0.06, 0.2) if rng.random() < 0.5 else rng.uniform(0.8, 0.94)
    for i in range(int(rng.integers(2, 4))):
        cx, top, foot = side + rng.normal(0, 0.045), rng.uniform(0.12, 0.4) + 0.08 * i, rng.uniform(0.86, 1.0)
        t = np.clip((b.y - top) / (foot - top), 0, 1)
        sway = 0.02 * wave(rng, b.y, 2.0, 3)
        width = 0.075 * np.sqrt(t) * (1.25 - t) * (1 + 0.25 * wave(rng, b.y, 7.0, 2)) * (1 - 0.2 * i)
        dx = (b.x - cx) * b.aspect - sway
        flame = np.clip(0.5 + 0.9 * np.sin(9 * dx / 0.075 + 14 * b.y) * 0.5 - dx * 5, 0, 1)
        colour = mix(mix(p.near, p.dark, 0.75), mix(p.middle, p.near, 0.6), flame)
        b.put(np.where((t > 0) & (t < 1), width - np.abs(dx), -1), colour, 1.57 + 0.6 * dx / 0.075)
    for _ in range(int(rng.integers(2, 5))):
        cy, cx, r = horizon + rng.uniform(0.02, 0.2), rng.uniform(0.05, 0.95), rng.uniform(0.03, 0.06)
        trunk = np.minimum(0.007 - np.abs(b.x - cx) * b.aspect, 1.2 * r - np.abs(b.y - cy - r))
        b.put(trunk, p.dark, 1.57, region=False)
        b.ball(cy, cx, r, mix(p.near, p.second, rng.uniform(0, 0.5)), 1.1)


def still_life(rng: np.random.Generator, h: int, w: int, palette: Palette) -> Scene:
    """Return a vase of flowers and fruit on a table."""
    b, p = _Builder(rng, h, w, palette), palette
    edge = rng.uniform(0.6, 0.7) + 0.02 * wave(rng, b.x, 0.7, 2)
    _, direction = _stream(b, [(0.3, 0.5, 0.35), (0.2, 0.1, 0.25), (0.5, 0.95, 0.25)])
    wall = mix(p.high, p.low, np.clip(0.55 * b.x + 0.35 * b.y + 0.35 * noise(rng, h, w, 1.5, 3), 0, 1))
    b.put(np.ones((h, w), np.float32), wall, direction)
    stripe = np.sin(2 * np.pi * (7 * b.x + 3 * (b.y - edge) * (b.x - 0.5)))
    b.put(b.y - edge, mix(mix(p.middle, p.near, 0.5 + 0.5 * stripe), p.dark, 0.3 * (b.y - edge)), 0.1)
    # The cloth hangs over the table's edge.
    fold = 0.5 + 0.5 * np.sin(26 * b.x + 4 * b.y)
    cloth = b.y - edge - 0.05 - 0.5 * np.abs(b.x - 0.72) + 0.03 * fold
    b.put(cloth, mix(p.paper, p.far, 0.65 * fold), 1.4)

    cx, foot, high = rng.uniform(0.36, 0.56), rng.uniform(0.8, 0.86), rng.uniform(0.34, 0.42)
    for _ in range(14):
        cy, at = foot - high + rng.uniform(-0.22, 0.02), cx + rng.normal(0, 0.13) / b.aspect
        leaf, _ = b.ellipse(cy, at, 0.018, 0.085, rng.uniform(0, np.pi))
        b.put(leaf, mix(p.near, rng.choice([p.dark, p.middle, p.second]), 0.45), rng.uniform(0, np.pi), region=False)
    t = np.clip((b.y - (foot - high)) / high, 0, 1)
    profile = 0.06 + 0.085 * np.abs(np.sin(np.pi * t**0.8)) ** 1.5 + 0.02 * (t > 0.96)
    dx = (b.x - cx) * b.aspect
    shade = np.clip(0.65 - dx / 0.2 + 0.2 * np.sin(34 * t), 0, 1)
    body = mix(mix(p.second, p.dark, 0.6), mix(p.second, p.light, 0.35), shade)
    b.put(np.where((t > 0) & (t < 1), profile - np.abs(dx), -1), body, 1.57 - 2.5 * dx)
    for colour in (p.accent, p.light, mix(p.accent, p.paper, 0.55), mix(p.second, p.paper, 0.4)) * 4:
        cy, at, r = foot - high + rng.normal(-0.14, 0.085), cx + rng.normal(0, 0.12) / b.aspect, rng.uniform(0.03, 0.06)
        dy, dx = b.y - cy, (b.x - at) * b.aspect
        petals = r * (0.82 + 0.22 * np.cos(rng.integers(5, 9) * np.arctan2(dy, dx) + rng.uniform(0, 6)))
        away = np.hypot(dy, dx)
        b.put(petals - away, mix(mix(colour, p.dark, 0.3), colour, np.clip(away / r, 0, 1)), np.arctan2(dy, dx))
        b.put(0.3 * r - away, mix(p.light, p.second, 0.3), 0.0, region=False)
    orange, apple, peach = mix(p.light, p.accent, 0.35), mix(p.middle, p.light, 0.4), mix(p.accent, p.light, 0.5)
    fruits = [p.accent, orange, apple, p.second, peach]
    spots = np.linspace(0.12, 0.9, 6) + rng.uniform(-0.04, 0.04, 6)
    for i in np.argsort(-np.abs(spots - cx))[:5]:
        b.ball(
            rng.uniform(0.79, 0.88),
            float(spots[i]),
            rng.uniform(0.06, 0.085),
            fruits[int(i) % 5],
            rng.uniform(0.88, 1.05),
        )
    return b.scene()


def portrait(rng: np.random.Generator, h: int, w: int, palette: Palette) -> Scene:
    """Return a head and shoulders before a divided ground."""
    b, p = _Builder(rng, h, w, palette), palette
    cx, cy, side = rng.uniform(0.45, 0.55), rng.uniform(0.4, 0.45), 1 if rng.random() < 0.5 else -1
    _, direction = _stream(b, [(cy, cx, 0.5), (0.1, 0.1, 0.25), (0.25, 0.95, 0.3)])
    ground = mix(p.high, p.low, np.clip(b.y + 0.3 * noise(rng, h, w, 1.5, 3), 0, 1))
    b.put(np.ones((h, w), np.float32), ground, direction)
    b.put((b.x - 0.5) * side * b.aspect + 0.4 * (b.y - 0.5) - 0.12, mix(p.far, p.low, 0.6 * b.y), direction)

    def at(dy: float, dx: float, ry: float, rx: float, tilt: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
        return b.ellipse(cy + dy, cx + dx / b.aspect, ry, rx, tilt)

    skin = mix(mix(p.paper, p.accent, 0.25), p.light, 0.25)
    shadow = mix(mix(skin, p.accent, 0.45), p.high, 0.3)
    hair = mix(p.dark, p.second, rng.uniform(0.1, 0.6))
    turn = (b.x - cx) * b.aspect * side
    fall, around = at(0.06, 0.0, 0.36, 0.265)
    locks = np.clip(0.5 + 0.5 * np.sin(60 * fall + 8 * b.y), 0, 1)
    b.put(fall + 0.02 * wave(rng, b.y, 3.0), mix(hair, mix(hair, p.light, 0.4), locks), around)
    body, around = at(0.62, 0.0, 0.36, 0.48)
    stripes = np.sin(70 * body) > 0.2 if rng.random() < 0.5 else np.sin(40 * (b.x * b.aspect + b.y)) > 0.6
    b.put(body, mix(p.accent, p.second, 0.85 * stripes.astype(np.float32)), around)
    neck, _ = at(0.28, 0.0, 0.17, 0.09)
    b.put(neck, shadow, 1.57)
    face, around = at(0.0, 0.0, 0.275, 0.195)
    form = np.clip(0.5 - turn / 0.2 + 0.25 * (b.y - cy) / 0.27, 0, 1)
    b.put(face, mix(skin, shadow, step(form - 0.62, 0.12)), around)
    for dx in (-0.085, 0.085):
        dx += 0.012 * side
        blush, _ = at(0.08, dx * 1.15, 0.045, 0.05)
        b.colour = mix(b.colour, p.accent, 0.4 * step(blush, 0.035))
        white, _ = at(-0.03, dx, 0.024, 0.047)
        b.put(white + 0.006, p.dark, 0.0, region=False)
        b.put(white, mix(p.paper, p.low, 0.15), 0.0)
        iris, round_iris = at(-0.03, dx + 0.008 * side, 0.022, 0.022)
        b.put(iris, p.high, round_iris)
        pupil, _ = at(-0.03, dx + 0.008 * side, 0.01, 0.01)
        b.put(pupil, p.dark, 0.0, region=False)
        brow, _ = at(-0.09, dx, 0.012, 0.06, np.sign(dx) * -0.12)
        b.put(brow, mix(hair, p.dark, 0.5), 0.0)
    nose = np.minimum(0.013 + 0.16 * (b.y - cy + 0.03) - np.abs(turn - 0.014), 0.085 - np.abs(b.y - cy - 0.03))
    b.put(np.where(turn > 0.008, nose, -1), mix(shadow, p.accent, 0.2), 1.4)
    lips, _ = at(0.16, 0.008 * side, 0.026, 0.07)
    b.put(lips + 0.008 * np.cos(40 * turn), p.accent, 0.0)
    mouth, _ = at(0.16, 0.008 * side, 0.005, 0.066)
    b.put(mouth, mix(p.accent, p.dark, 0.7), 0.0, region=False)
    fringe, around = at(-0.3, -0.05 * side, 0.17, 0.24)
    b.put(np.minimum(fringe, fall + 0.02), mix(hair, mix(hair, p.light, 0.35), np.sin(75 * fringe) * 0.5 + 0.5), around)
    return b.scene()
