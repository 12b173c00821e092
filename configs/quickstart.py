"""The demo: two photographs and three painted styles; Gatys, a feed-forward network, AdaIN, a GAN, and floors.

    styleresearch compare --config=configs/quickstart.py --workdir=runs/quickstart

Reproduces no paper: small pictures and few evaluations, so that two CPU cores finish within five minutes. The objective
is that of ``configs/gatys_authors.py`` on VGG16 instead of VGG19, with 0.03 of its style weight: at 144 px the full
weight leaves little of the photograph. The networks are those of ``styleresearch/zoo/``: small, trained for minutes on
two CPU cores at 128 px and less; their cards there say how. The column "held out" is the Gram loss under an encoder
that no method optimised.
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
    config.name = "Quickstart"
    config.imports = ()
    config.size = 144
    config.seeds = (0,)
    config.precision = "float32"
    config.encoder = dict(name="vgg16", weights="vgg16", pooling="max")
    config.contents = dict(name="photographs", names=("cat", "coffee"))
    config.styles = dict(name="painter", names=("impasto", "mosaic", "waves"), seed=0)
    config.methods = dict(
        gatys_lbfgs=dict(
            name="gatys",
            label="Gatys, L-BFGS",
            evaluations=40,
            optimizer=dict(name="lbfgs", history=20),
            objective=objective,
        ),
        gatys_adam=dict(
            name="gatys",
            label="Gatys, Adam",
            evaluations=40,
            optimizer=dict(name="adam", learning_rate=0.04),
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
            twin=dict(name="efficientnet_lite0"),
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
