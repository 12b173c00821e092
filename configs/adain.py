"""AdaIN on VGG16, the encoder that every machine can get: any style in one pass.

    styleresearch train --config=configs/adain.py --workdir=runs/adain

It trains on the photographs that come with scikit-image and on procedural paintings, so it runs anywhere; for results
give it pictures: ``--config.data.content.name=folder --config.data.content.path=DIR`` and the same for ``data.style``.
``--config.start=zoo:adain`` begins with the decoder that comes along.
Reproduces: Huang & Belongie 2017 with the objective of the PyTorch port, ``configs/adain_pytorch.py``.
Differs from it: VGG16, its layers scaled to a mean activation of 1 where the normalised VGG19 of both published codes
has its filters scaled; biased variances; for a CPU 64 px crops of pictures of 152 px, a style weight of 2 for 10, a
second content term on normalised features of earlier layers, He's initialisation, clipped gradients, a shorter second
moment and a higher learning rate.
"""

from ml_collections import ConfigDict


def get_config() -> ConfigDict:
    """Return the config."""
    config = ConfigDict()
    config.name = "AdaIN"
    config.imports = ()
    config.seed = 0
    config.precision = "default"
    config.encoder = dict(name="vgg16", weights="vgg16", normalise_on=dict(name="photographs"), normalise_by="layer")
    config.method = dict(
        name="adain",
        net=dict(name="decoder", widths=(256, 128, 64), depths=(4, 2, 2), initial="he"),
        layer="relu4_1",
        optimizer=dict(
            name="adam",
            learning_rate=5e-4,
            b2=0.99,
            clip_norm=100.0,
            schedule=dict(name="inverse_time", decay=5e-5),
        ),
        objective=dict(
            content=dict(name="feature", layers=("relu4_1",), reduction="mse", weight=1.0),
            structure=dict(name="normalised_feature", layers=("relu2_1", "relu3_1"), weight=1.0),
            style=dict(
                name="moments",
                layers=("relu1_1", "relu2_1", "relu3_1", "relu4_1"),
                reduction="mean",
                weight=2.0,
            ),
        ),
        eps=1e-5,
        style_eps=1e-5,
        unbiased=False,
        strength=1.0,
        dtype="float32",
    )
    config.data = dict(
        content=dict(name="photographs"),
        style=dict(name="painter"),
        batch_size=8,
        crop=64,
        resize=152,
        workers=0,
    )
    config.train = dict(steps=4000, log_every=50, save_every=500, keep=2, sample_every=500, ema=0.99)
    config.samples = dict(
        contents=dict(name="photographs", names=("cat", "coffee")),
        styles=dict(name="painter", names=("impasto", "mosaic", "stained_glass"), seed=0),
        size=128,
    )
    return config
