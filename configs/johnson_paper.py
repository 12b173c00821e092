"""Johnson et al. 2016, "Perceptual losses for real-time style transfer and super-resolution", from the paper's text.

    styleresearch train --config=configs/johnson_paper.py --workdir=runs/johnson_paper

Give it photographs (the paper: MS COCO) with ``--config.data.content.name=folder --config.data.content.path=DIR``.
Reproduces: the network of the supplementary material (transposed convolutions, scaled tanh), the feature loss at
relu2_2, squared Frobenius distances of Gram matrices over C H W at relu1_2, relu2_2, relu3_3, relu4_3, total variation,
Adam 1e-3, 256 px, batches of 4, 40,000 steps.
Differs from the paper: instance norm for batch norm, as in all code published since; zero padding as the text has it.
The paper names no weights of the terms but for total variation (1e-6 to 1e-4, pixels of 0-255); the style weight here
is ours, chosen by the sizes of the terms, and no result of it has been looked at yet.
"""

from ml_collections import ConfigDict


def get_config() -> ConfigDict:
    """Return the config."""
    styles = dict(name="painter", names=("impasto",), seed=0)
    config = ConfigDict()
    config.name = "Johnson et al. 2016 (paper)"
    config.imports = ()
    config.seed = 0
    config.precision = "default"
    config.encoder = dict(name="vgg16", weights="vgg16")
    config.method = dict(
        name="feedforward",
        net=dict(
            name="transform",
            widths=(32, 64, 128),
            styles=1,
            upsample="transposed",
            padding="zeros",
            pixels="unit",
            output="tanh",
        ),
        styles=dict(**styles, size=256),
        optimizer=dict(name="adam", learning_rate=1e-3),
        objective=dict(
            content=dict(name="feature", layers=("relu2_2",), reduction="mse", weight=1.0),
            style=dict(
                name="gram", layers=("relu1_2", "relu2_2", "relu3_3", "relu4_3"), convention="johnson", weight=1e-5
            ),
            smooth=dict(name="total_variation", kind="l2", reduction="sum", weight=0.065),
        ),
        dtype="float32",
    )
    config.data = dict(
        content=dict(name="photographs"),
        batch_size=4,
        crop=256,
        resize=256,
        resize_mode="squash",
        flip=False,
        workers=0,
    )
    config.train = dict(steps=40_000, log_every=100, save_every=2000, keep=2, sample_every=2000, ema=0.0)
    config.samples = dict(contents=dict(name="photographs", names=("cat", "coffee")), styles=styles, size=256)
    return config
