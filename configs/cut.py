"""Photographs as paintings, learned from two piles of pictures: CUT at a size for two cores.

    styleresearch train --config=configs/cut.py --workdir=runs/cut

It trains on the photographs that come with scikit-image and on procedural paintings, so it runs anywhere;
for results give it pictures: ``--config.data.content.name=folder --config.data.content.path=DIR`` and the same for
``data.style``.
Reproduces no paper.
Differs from ``configs/cut_paper.py``: a quarter of its width, 4 residual blocks, 34 px patches, 96 px crops of pictures
of 128 px, the short side; a shorter schedule; averaged weights.
"""

from ml_collections import ConfigDict


def get_config() -> ConfigDict:
    """Return the config."""
    config = ConfigDict()
    config.name = "CUT"
    config.imports = ()
    config.seed = 0
    config.precision = "default"
    config.encoder = dict(name="vgg16", weights="vgg16")
    config.method = dict(
        name="cut",
        net=dict(name="resnet", width=16, blocks=4, antialias=True, padding="reflect"),
        discriminator=dict(name="patch", width=32, layers=2, norm="instance", antialias=True),
        adversarial=dict(name="lsgan"),
        optimizer=dict(
            name="adam",
            learning_rate=2e-4,
            b1=0.5,
            schedule=dict(name="linear", start=0.5),
        ),
        nce_weight=1.0,
        identity=True,
        layers_compared=("image", "contract2", "contract3", "residual1", "residual3"),
        patches=256,
        temperature=0.07,
        projection=128,
        dtype="float32",
    )
    config.data = dict(
        content=dict(name="photographs"),
        style=dict(
            name="painter",
        ),
        batch_size=1,
        crop=96,
        resize=128,
        workers=0,
    )
    config.train = dict(steps=12_000, log_every=100, save_every=1000, keep=2, sample_every=1000, ema=0.999)
    config.samples = dict(contents=dict(name="photographs", names=("cat", "coffee")), size=128)
    return config
