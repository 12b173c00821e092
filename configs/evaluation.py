"""The metrics that ``styleresearch evaluate`` measures by default.

    styleresearch evaluate --outputs=DIR --content=DIR --style=DIR --out=DIR --config=configs/evaluation.py

The same as in ``configs/quickstart.py``.
"""

from ml_collections import ConfigDict


def get_config() -> ConfigDict:
    """Return the config."""
    gram_layers = ("relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1")
    config = ConfigDict()
    config.imports = ()
    config.encoder = dict(name="vgg16", weights="vgg16", pooling="max")
    config.metrics = dict(
        content_loss=dict(
            name="loss", title="Content loss", loss=dict(name="feature", layers=("relu4_2",), reduction="mse")
        ),
        style_loss=dict(
            name="loss",
            title="Style loss (Gram)",
            loss=dict(name="gram", layers=gram_layers, convention="authors"),
        ),
        moments_loss=dict(
            name="loss",
            title="Style loss (moments)",
            loss=dict(name="moments", layers=gram_layers[:4]),
        ),
        ssim=dict(name="ssim"),
        color=dict(name="color_histogram"),
    )
    config.plane = ("content_loss", "style_loss")
    return config
