"""A network for three painted styles, on a laptop: Johnson's at half width, with conditional instance norm.

    styleresearch train --config=configs/feedforward.py --workdir=runs/feedforward

It trains on the photographs that come with scikit-image, so it runs anywhere; five photographs are few. For a folder of
yours: ``--config.data.content.name=folder --config.data.content.path=DIR``.
Reproduces no paper.
Differs from ``configs/cin_multistyle.py``: half the width; the objective of ``configs/johnson_authors.py`` (Caffe's
pixels, Gram matrices over C M, mse) with a style weight of 0.4 for 5; crops of 96 px, batches of 2; the
learning rate falls to 0 along a cosine. Many small steps: on two cores they bring it further in the same time.
"""

from ml_collections import ConfigDict


def get_config() -> ConfigDict:
    """Return the config."""
    styles = dict(name="painter", names=("impasto", "mosaic", "waves"), seed=0)
    config = ConfigDict()
    config.name = "Feed-forward"
    config.imports = ()
    config.seed = 0
    config.precision = "default"
    config.encoder = dict(name="vgg16", weights="vgg16")
    config.method = dict(
        name="feedforward",
        net=dict(
            name="transform",
            widths=(16, 32, 64),
            styles=3,
            upsample="nearest",
            padding="reflect",
            pixels="unit",
            output="sigmoid",
        ),
        styles=dict(**styles, size=144),
        optimizer=dict(name="adam", learning_rate=1e-3, schedule=dict(name="cosine")),
        objective=dict(
            content=dict(name="feature", layers=("relu3_3",), reduction="mse", weight=1.0),
            style=dict(
                name="gram",
                layers=("relu1_2", "relu2_2", "relu3_3", "relu4_3"),
                convention="neural_style",
                weight=0.4,
            ),
        ),
        dtype="float32",
    )
    config.data = dict(
        content=dict(name="photographs"),
        batch_size=2,
        crop=96,
        resize=128,
        workers=0,
    )
    config.train = dict(steps=9000, log_every=100, save_every=1000, keep=2, sample_every=1000, ema=0.999)
    config.samples = dict(contents=dict(name="photographs", names=("cat", "coffee")), styles=styles, size=128)
    return config
