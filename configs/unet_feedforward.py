"""A U-Net in the place of Johnson's network: skips at every size instead of residual blocks.

    styleresearch train --config=configs/unet_feedforward.py --workdir=runs/unet_feedforward

Give it photographs with ``--config.data.content.name=folder --config.data.content.path=DIR``.
Reproduces no paper: the generator of pix2pix (Isola et al. 2017) under the objective of ``configs/johnson_authors.py``.
Differs from pix2pix: four steps down instead of eight, half the width, nearest upsampling, scales and offsets in the
norms.
Differs from ``configs/johnson_authors.py``: the network; content at relu2_2.
"""

from ml_collections import ConfigDict


def get_config() -> ConfigDict:
    """Return the config."""
    styles = dict(name="painter", names=("impasto",), seed=0)
    config = ConfigDict()
    config.name = "U-Net"
    config.imports = ()
    config.seed = 0
    config.precision = "default"
    config.encoder = dict(name="vgg16", weights="vgg16")
    config.method = dict(
        name="feedforward",
        net=dict(name="unet", width=32, downs=4, styles=1, upsample="nearest", pixels="signed", output="tanh"),
        styles=dict(**styles, size=256),
        optimizer=dict(name="adam", learning_rate=1e-3),
        objective=dict(
            content=dict(name="feature", layers=("relu2_2",), reduction="mse", weight=1.0),
            style=dict(
                name="gram", layers=("relu1_2", "relu2_2", "relu3_3", "relu4_3"), convention="neural_style", weight=5.0
            ),
        ),
        dtype="float32",
    )
    config.data = dict(
        content=dict(name="photographs"),
        batch_size=4,
        crop=256,
        resize=256,
        workers=0,
    )
    config.train = dict(steps=40_000, log_every=100, save_every=2000, keep=2, sample_every=2000, ema=0.0)
    config.samples = dict(contents=dict(name="photographs", names=("cat", "coffee")), styles=styles, size=256)
    return config
