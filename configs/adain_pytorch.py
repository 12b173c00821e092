"""AdaIN as the widespread PyTorch port (pytorch-AdaIN) trains it.

    styleresearch train --config=configs/adain_pytorch.py --workdir=runs/adain_pytorch

It needs the authors' normalised VGG19 (``styleresearch weights list``), photographs (MS COCO) and paintings (WikiArt):
``--config.data.content.name=folder --config.data.content.path=DIR`` and the same for ``data.style``.
Reproduces: unbiased variances with eps 1e-5 on both sides; the style loss is the mean over channels, weight 10;
pictures squashed to 512 x 512, 256 px crops; Adam 1e-4 over 1 + 5e-5 t, batches of 8, 160,000 steps.
Differs from the code: the order of pictures follows the seed (its sampler seeds itself anew every epoch).
Differs from the paper's own code, ``configs/adain_paper.py``: reduction, variances, eps and resize, as said there.
"""

from ml_collections import ConfigDict


def get_config() -> ConfigDict:
    """Return the config."""
    config = ConfigDict()
    config.name = "AdaIN (PyTorch port)"
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
                reduction="mean",
                eps=1e-5,
                unbiased=True,
                weight=10.0,
            ),
        ),
        eps=1e-5,
        style_eps=1e-5,
        unbiased=True,
        strength=1.0,
        dtype="float32",
    )
    config.data = dict(
        content=dict(name="photographs"),
        style=dict(name="painter"),
        batch_size=8,
        crop=256,
        resize=512,
        resize_mode="squash",
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
