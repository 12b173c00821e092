"""Johnson et al.'s own code (fast-neural-style, Lua) with its shipped models' instance norm and half widths.

    styleresearch train --config=configs/johnson_authors.py --workdir=runs/johnson_authors

Give it photographs (the code: MS COCO) with ``--config.data.content.name=folder --config.data.content.path=DIR``.
Reproduces: 424,899 parameters, one reflection pad at the input, 150 tanh in Caffe's space; content relu3_3 (the code's
default; the paper's text says relu2_2) weight 1, Gram matrices over C H W with mse, weight 5, at relu1_2, relu2_2,
relu3_3, relu4_3; total variation 1e-6; Adam 1e-3, 256 px squashed, batches of 4, 40,000 steps.
Differs from the code: the total variation's weight is 1e-6 / 2 * 255^2 = 0.0325, because the code adds the gradient of
half the sum of squares in pixels of 0-255; no median filter on the results; scales of the norms begin at 1.
"""

from ml_collections import ConfigDict


def get_config() -> ConfigDict:
    """Return the config."""
    styles = dict(name="painter", names=("impasto",), seed=0)
    config = ConfigDict()
    config.name = "Johnson et al. 2016 (code)"
    config.imports = ()
    config.seed = 0
    config.precision = "default"
    config.encoder = dict(name="vgg16", weights="vgg16")
    config.method = dict(
        name="feedforward",
        net=dict(
            name="transform",
            widths=(16, 32, 64),
            styles=1,
            upsample="transposed",
            padding="reflect_start",
            pixels="caffe",
            output="tanh",
        ),
        styles=dict(**styles, size=256),
        optimizer=dict(name="adam", learning_rate=1e-3),
        objective=dict(
            content=dict(name="feature", layers=("relu3_3",), reduction="mse", weight=1.0),
            style=dict(
                name="gram", layers=("relu1_2", "relu2_2", "relu3_3", "relu4_3"), convention="neural_style", weight=5.0
            ),
            smooth=dict(name="total_variation", kind="l2", reduction="sum", weight=0.0325),
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
