"""Gatys, a feed-forward network, AdaIN and a GAN in one table: four photographs, three painted styles.

    styleresearch compare --config=configs/four_methods.py --workdir=runs/four_methods

Twelve optimisations of 150 evaluations, nine minutes on two CPU cores. Put networks of yours in the place of the zoo's,
``checkpoint`` takes a run directory: ``--config.methods.gan.checkpoint=runs/cut``; and pictures of yours:
``--config.contents.name=folder --config.contents.path=DIR --config.contents.names="('a', 'b')"`` and the same for
``styles``.
Reproduces no paper: Gatys' objective is the demo's, ``configs/quickstart.py``, with three times its evaluations, and
the networks are the small ones of ``styleresearch/zoo/``.
"""

from ml_collections import ConfigDict


def get_config() -> ConfigDict:
    """Return the config."""
    objective = dict(
        content=dict(name="feature", layers=("relu4_2",), reduction="mse", weight=1.0),
        style=dict(
            name="gram",
            layers=("relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1"),
            convention="authors",
            weight=0.03,
        ),
    )
    config = ConfigDict()
    config.name = "Four methods"
    config.imports = ()
    config.size = 160
    config.seeds = (0,)
    config.precision = "float32"
    config.encoder = dict(name="vgg16", weights="vgg16", pooling="max")
    config.contents = dict(name="photographs", names=("astronaut", "cat", "coffee", "rocket"))
    config.styles = dict(name="painter", names=("impasto", "mosaic", "waves"))
    config.methods = dict(
        gatys=dict(
            name="gatys",
            label="Gatys",
            evaluations=150,
            optimizer=dict(name="lbfgs", history=20),
            objective=objective,
        ),
        feedforward=dict(checkpoint="zoo:painter", label="Feed-forward"),
        adain=dict(checkpoint="zoo:adain", label="AdaIN", strength=1.0),
        gan=dict(checkpoint="zoo:arbitrary_gan", label="Arbitrary-style GAN", strength=1.0),
        identity=dict(name="identity", label="Content image"),
        style_image=dict(name="style_image", label="Style image"),
        color_transfer=dict(name="color_transfer", label="Colour transfer", match="covariance"),
    )
    config.metrics = dict(
        content_loss=dict(
            name="loss", title="Content loss", loss=dict(name="feature", layers=("relu4_2",), reduction="mse")
        ),
        style_loss=dict(
            name="loss",
            title="Style loss (Gram)",
            loss=dict(
                name="gram",
                layers=("relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1"),
                convention="authors",
            ),
        ),
        moments_loss=dict(
            name="loss",
            title="Style loss (moments)",
            loss=dict(name="moments", layers=("relu1_1", "relu2_1", "relu3_1", "relu4_1")),
        ),
        ssim=dict(name="ssim"),
        color=dict(name="color_histogram"),
    )
    config.plane = ("content_loss", "style_loss")
    return config
