"""The works of ``train_step.py`` in plain PyTorch, written the usual way: NCHW, no compilation."""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch_networks import Generator, Vgg, decoder, discriminator, transform

GRAM_LAYERS = ("relu1_2", "relu2_2", "relu3_3", "relu4_3")
MOMENT_LAYERS = ("relu1_1", "relu2_1", "relu3_1", "relu4_1")

Step = Callable[[], None]
Mixed = AbstractContextManager[object]


class Pool:
    """Fifty earlier pictures: a new one is shown, or kept in the place of one that is shown."""

    def __init__(self) -> None:
        self.pictures: list[Tensor] = []

    def exchange(self, pictures: Tensor) -> Tensor:
        """Return as many pictures, some of them earlier ones."""
        shown = []
        for picture in pictures:
            if len(self.pictures) < 50:
                self.pictures.append(picture)
                shown.append(picture)
            elif random.random() < 0.5:
                place = random.randrange(50)
                shown.append(self.pictures[place])
                self.pictures[place] = picture
            else:
                shown.append(picture)
        return torch.stack(shown)


def gram(x: Tensor) -> Tensor:
    """Return the Gram matrix, over all that it sums."""
    b, c, h, w = x.shape
    flat = x.reshape(b, c, h * w)
    return flat @ flat.transpose(1, 2) / (c * h * w)


def moments(x: Tensor) -> tuple[Tensor, Tensor]:
    """Return means and deviations over pixels."""
    return x.mean((2, 3)), (x.var((2, 3), unbiased=False) + 1e-5).sqrt()


def adain(content: Tensor, style: Tensor) -> Tensor:
    """Return the content's features with the style's statistics."""
    (mean, std), (other_mean, other_std) = moments(content), moments(style)
    shape = (..., None, None)
    return (content - mean[shape]) / std[shape] * other_std[shape] + other_mean[shape]


def verdict(scores: Tensor, real: bool) -> Tensor:
    """Return LSGAN's loss."""
    return functional.mse_loss(scores, torch.full_like(scores, float(real)))


def adam(parameters: Iterable[Tensor]) -> torch.optim.Optimizer:
    """Return the optimiser of CycleGAN and CUT."""
    return torch.optim.Adam(parameters, 2e-4, betas=(0.5, 0.999))


def descend(loss: Tensor, *optimizers: torch.optim.Optimizer) -> None:
    """Take one step."""
    for optimizer in optimizers:
        optimizer.zero_grad()
    loss.backward()
    for optimizer in optimizers:
        optimizer.step()


def feedforward(content: Tensor, style: Tensor, mixed: Mixed) -> tuple[Step, Step]:
    """Return a training step of Johnson's network, and its inference."""
    vgg, net = Vgg("relu4_3").to(content.device), transform().to(content.device)
    optimizer = torch.optim.Adam(net.parameters(), 1e-3)
    with torch.no_grad():
        grams = {name: gram(x) for name, x in vgg(style).items() if name in GRAM_LAYERS}

    def train() -> None:
        with mixed:
            features, aim = vgg(net(content * 255) / 255), vgg(content)
            terms = sum(functional.mse_loss(gram(features[name]), grams[name]) for name in GRAM_LAYERS)
            loss = 1e5 * functional.mse_loss(features["relu2_2"], aim["relu2_2"]) + 1e10 * terms
        descend(loss, optimizer)

    def paint() -> None:
        with torch.no_grad(), mixed:
            (net(content * 255) / 255).clamp(0, 1)

    return train, paint


def adain_decoder(content: Tensor, style: Tensor, mixed: Mixed) -> tuple[Step, Step]:
    """Return a training step of AdaIN's decoder, and its inference."""
    vgg, net = Vgg("relu4_1").to(content.device), decoder().to(content.device)
    optimizer = torch.optim.Adam(net.parameters(), 1e-4)

    def train() -> None:
        with mixed:
            with torch.no_grad():
                other = vgg(style)
                aim = adain(vgg(content)["relu4_1"], other["relu4_1"])
            features = vgg(net(aim))
            terms = sum(
                functional.mse_loss(mine, theirs)
                for name in MOMENT_LAYERS
                for mine, theirs in zip(moments(features[name]), moments(other[name]), strict=True)
            )
            loss = functional.mse_loss(features["relu4_1"], aim) + 10 * terms
        descend(loss, optimizer)

    def paint() -> None:
        with torch.no_grad(), mixed:
            net(adain(vgg(content)["relu4_1"], vgg(style)["relu4_1"])).clamp(0, 1)

    return train, paint


def cyclegan(content: Tensor, style: Tensor, mixed: Mixed) -> tuple[Step, Step]:
    """Return a training step of CycleGAN: both generators, then both discriminators; and inference."""
    content, style = 2 * content - 1, 2 * style - 1
    there, back = (Generator(antialias=False).to(content.device) for _ in range(2))
    of_style, of_content = (discriminator(antialias=False).to(content.device) for _ in range(2))
    judges = nn.ModuleList([of_style, of_content])
    painters = adam([*there.parameters(), *back.parameters()])
    learners = adam(judges.parameters())
    styles, contents = Pool(), Pool()

    def train() -> None:
        judges.requires_grad_(False)
        with mixed:
            painted, unpainted = there(content), back(style)
            cycle = functional.l1_loss(back(painted), content) + functional.l1_loss(there(unpainted), style)
            kept = functional.l1_loss(there(style), style) + functional.l1_loss(back(content), content)
            fooled = verdict(of_style(painted), True) + verdict(of_content(unpainted), True)
            loss = fooled + 10 * cycle + 5 * kept
        descend(loss, painters)
        judges.requires_grad_(True)
        with mixed:
            loss = torch.zeros((), device=content.device)
            pairs = ((of_style, style, styles, painted), (of_content, content, contents, unpainted))
            for judge, real, pool, false in pairs:
                shown = pool.exchange(false.detach())
                loss = loss + (verdict(judge(real), True) + verdict(judge(shown), False)) / 2
        descend(loss, learners)

    def paint() -> None:
        with torch.no_grad(), mixed:
            (there(content) / 2 + 0.5).clamp(0, 1)

    return train, paint


def cut(content: Tensor, style: Tensor, mixed: Mixed) -> tuple[Step, Step]:
    """Return a training step of CUT: the discriminator, then the generator with its projection; and inference."""
    content, style = 2 * content - 1, 2 * style - 1
    net, judge = Generator(antialias=True).to(content.device), discriminator(antialias=True).to(content.device)
    widths = (3, 128, 256, 256, 256)
    projections = nn.ModuleList(
        nn.Sequential(nn.Linear(width, 256), nn.ReLU(), nn.Linear(256, 256)) for width in widths
    ).to(content.device)
    painter, projector, learner = (adam(module.parameters()) for module in (net, projections, judge))

    def contrast(source: Tensor, painted: Tensor) -> Tensor:
        terms = []
        for project, query, key in zip(projections, net.features(painted), net.features(source), strict=True):
            places = torch.randperm(key.shape[2] * key.shape[3], device=key.device)[:256]
            query, key = (
                functional.normalize(project(x.flatten(2).transpose(1, 2)[:, places]), dim=2) for x in (query, key)
            )
            similar = query @ key.detach().transpose(1, 2) / 0.07
            own = torch.arange(similar.shape[1], device=key.device).expand(len(similar), -1)
            terms.append(functional.cross_entropy(similar.flatten(0, 1), own.flatten()))
        return sum(terms, torch.zeros((), device=content.device)) / len(terms)

    def train() -> None:
        with mixed:
            painted, same = net(torch.cat([content, style])).chunk(2)
        judge.requires_grad_(True)
        with mixed:
            loss = (verdict(judge(style), True) + verdict(judge(painted.detach()), False)) / 2
        descend(loss, learner)
        judge.requires_grad_(False)
        with mixed:
            nce = (contrast(content, painted) + contrast(style, same)) / 2
            loss = verdict(judge(painted), True) + nce
        descend(loss, painter, projector)

    def paint() -> None:
        with torch.no_grad(), mixed:
            (net(content) / 2 + 0.5).clamp(0, 1)

    return train, paint


WORKS = {"feedforward": feedforward, "adain": adain_decoder, "cyclegan": cyclegan, "cut": cut}


def theirs(work: str, size: int, batch: int, dtype: str) -> tuple[Step, Step, Callable[[], int]]:
    """Return a work: one step, waiting until it is done, and the most bytes that a GPU held."""
    device = "cuda" if torch.cuda.is_available() else "cpu"
    torch.set_num_threads(len(os.sched_getaffinity(0)))
    torch.manual_seed(0)
    content, style = (torch.rand(batch, 3, size, size, device=device) for _ in range(2))
    mixed = torch.autocast(device, torch.bfloat16, enabled=dtype == "bfloat16")
    train, paint = WORKS[work.removeprefix("paint_")](content, style, mixed)

    def wait() -> None:
        if device == "cuda":
            torch.cuda.synchronize()

    def peak() -> int:
        return torch.cuda.max_memory_allocated() if device == "cuda" else 0

    return (paint if work.startswith("paint") else train), wait, peak
