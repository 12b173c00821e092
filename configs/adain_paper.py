"""Huang & Belongie 2017, "Arbitrary style transfer in real-time with adaptive instance normalization", authors' code.

    styleresearch train --config=configs/adain_paper.py --workdir=runs/adain_paper

It needs their normalised VGG19 (``styleresearch weights list``), photographs (MS COCO) and paintings (WikiArt):
``--config.data.content.name=folder --config.data.content.path=DIR`` and the same for ``data.style``.
Reproduces: biased variances; eps 1e-5 under the content's root, none under the style's; the style loss sums over
channels, with weight 1e-2 (the paper and decoder-content-similar; the released decoder has 1e-1); reflection padding;
Adam 1e-4 over 1 + 5e-5 t, batches of 8, 160,000 steps, 256 px crops of pictures of 512 px.
Differs from the code: 1e-6 is added to the generated and the style image's variances alike in the loss; the short side
of pictures has 512 px, as the paper says (the code's image.scale takes the long one: ``resize_mode="long"``).
Differs from ``configs/adain_pytorch.py``, which most later papers train with: the sum over channels (there the mean,
weight 10, so the four layers weigh alike; here deeper layers weigh more), the variances (there unbiased), eps, and the
resize.
"""

from ml_collections import ConfigDict


def get_config() -> ConfigDict:
    """Return the config."""
    config = ConfigDict()
    config.name = "AdaIN (paper)"
    config.imports = ()
    config.seed = 0
    config.precision = "default"
    config.encoder = dict(name="vgg19", weights="vgg19_normalised")
    config.method = dict(
        name="adain",
        net=dict(name="decoder", widths=(256, 128, 64), depths=(4, 2, 2)),
        layer="relu4_1",
        optimizer=dict(name="adam", learning_rate=1e-4, schedule=dict(name="inverse_time", decay=5e-5)),
        objective=dict(
            content=dict(name="feature", layers=("relu4_1",), reduction="mse", weight=1.0),
            style=dict(
                name="moments",
                layers=("relu1_1", "relu2_1", "relu3_1", "relu4_1"),
                reduction="sum",
                eps=1e-6,
                weight=1e-2,
            ),
        ),
        eps=1e-5,
        style_eps=0.0,
        unbiased=False,
        strength=1.0,
        dtype="float32",
    )
    config.data = dict(
        content=dict(name="photographs"),
        style=dict(name="painter"),
        batch_size=8,
        crop=256,
        resize=512,
        resize_mode="short",
        flip=False,
        workers=0,
    )
    config.train = dict(steps=160_000, log_every=100, save_every=5000, keep=2, sample_every=5000, ema=0.0)
    config.samples = dict(
        contents=dict(name="photographs", names=("cat", "coffee")),
        styles=dict(name="painter", names=("impasto", "mosaic", "stained_glass"), seed=0),
        size=256,
    )
    return config
