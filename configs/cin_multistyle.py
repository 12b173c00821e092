"""Dumoulin et al. 2017, "A learned representation for artistic style": one network, many styles, and their blends.

    styleresearch train --config=configs/cin_multistyle.py --workdir=runs/cin_multistyle

Give it photographs with ``--config.data.content.name=folder --config.data.content.path=DIR``; the styles are the
procedural painter's twelve, or a folder's: ``--config.method.styles.name=folder --config.method.styles.path=DIR
--config.method.net.styles=N``.
Reproduces: the paper's network as its authors' magenta has it (nearest upsampling, reflection padding, conditional
instance norm, sigmoid output, N(0, 0.01) initial weights), content at the third block's end, Gram matrices at the ends
of the first four, Adam 1e-3, batches of 16, 40,000 steps.
Differs from the code: the encoder has Caffe's pixels, magenta's a VGG16 of TensorFlow-slim; Gram matrices over C M with
mse and a weight of their own; every image of a batch has its own style, and a batch holds all equally often.
"""

from ml_collections import ConfigDict


def get_config() -> ConfigDict:
    """Return the config."""
    styles = dict(name="painter", seed=0)
    config = ConfigDict()
    config.name = "Conditional instance norm"
    config.imports = ()
    config.seed = 0
    config.precision = "default"
    config.encoder = dict(name="vgg16", weights="vgg16")
    config.method = dict(
        name="feedforward",
        net=dict(
            name="transform",
            widths=(32, 64, 128),
            styles=12,
            upsample="nearest",
            padding="reflect",
            pixels="unit",
            output="sigmoid",
            initial=0.01,
            norm_output=True,
        ),
        styles=dict(**styles, size=256),
        optimizer=dict(name="adam", learning_rate=1e-3),
        objective=dict(
            content=dict(name="feature", layers=("relu3_3",), reduction="mse", weight=1.0),
            style=dict(
                name="gram", layers=("relu1_2", "relu2_2", "relu3_3", "relu4_3"), convention="neural_style", weight=2.0
            ),
        ),
        dtype="float32",
    )
    config.data = dict(
        content=dict(name="photographs"),
        batch_size=16,
        crop=256,
        resize=256,
        workers=0,
    )
    config.train = dict(steps=40_000, log_every=100, save_every=2000, keep=2, sample_every=2000, ema=0.0)
    config.samples = dict(contents=dict(name="photographs", names=("cat", "coffee")), styles=styles, size=256)
    return config
