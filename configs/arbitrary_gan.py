"""The arbitrary-style GAN on VGG16: the encoder reads, a GAN paints, the encoder and a discriminator of styles judge.

    styleresearch train --config=configs/arbitrary_gan.py --workdir=runs/arbitrary_gan

It begins with the decoder of ``zoo:adain`` and trains on the photographs that come with scikit-image and on procedural
paintings, so it runs anywhere; for results give it pictures: ``--config.data.content.name=folder
--config.data.content.path=DIR`` and the same for ``data.style``.
Reproduces no paper.
Differs from ``configs/adain.py``: a discriminator of 34 px patches that is told the means and deviations of the style's
relu3_1; a learning rate of 2e-4 for 5e-4, constant, b1 = 0.5; half the steps; it does not begin with random weights
(``--config.start=None`` does; give it adain's learning rate and steps then).
"""

from ml_collections import ConfigDict


def get_config() -> ConfigDict:
    """Return the config."""
    config = ConfigDict()
    config.name = "Arbitrary-style GAN"
    config.imports = ()
    config.seed = 0
    config.precision = "default"
    config.start = "zoo:adain"
    config.encoder = dict(name="vgg16", weights="vgg16", normalise_on=dict(name="photographs"), normalise_by="layer")
    config.method = dict(
        name="arbitrary_gan",
        net=dict(name="decoder", widths=(256, 128, 64), depths=(4, 2, 2), initial="he"),
        layer="relu4_1",
        discriminator=dict(name="patch", width=32, layers=2, norm="instance", condition=512),
        condition_layer="relu3_1",
        adversarial=dict(name="lsgan"),
        adversarial_weight=2.0,
        optimizer=dict(name="adam", learning_rate=2e-4, b1=0.5, b2=0.99, clip_norm=100.0),
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
    config.train = dict(steps=2000, log_every=50, save_every=250, keep=2, sample_every=250, ema=0.99)
    config.samples = dict(
        contents=dict(name="photographs", names=("cat", "coffee")),
        styles=dict(name="painter", names=("impasto", "mosaic", "stained_glass"), seed=0),
        size=128,
    )
    return config
