"""Park et al. 2020, "Contrastive learning for unpaired image-to-image translation", its FastCUT, authors' code.

    styleresearch train --config=configs/fastcut_paper.py --workdir=runs/fastcut_paper

Give it two folders as for ``configs/cut_paper.py``.
Reproduces: what that file reproduces, but PatchNCE with weight 10, none on style pictures, every other batch mirrored,
and 200 epochs, the last 50 of them towards a rate of 0.
Differs from the code: as that file does.
"""

from ml_collections import ConfigDict

EPOCH = 1000


def get_config() -> ConfigDict:
    """Return the config."""
    config = ConfigDict()
    config.name = "FastCUT (paper)"
    config.imports = ()
    config.seed = 0
    config.precision = "default"
    config.encoder = dict(name="vgg16", weights="vgg16")
    config.method = dict(
        name="fastcut",
        net=dict(name="resnet", width=64, blocks=9, antialias=True, padding="reflect"),
        discriminator=dict(name="patch", width=64, layers=3, norm="instance", antialias=True),
        adversarial=dict(name="lsgan"),
        optimizer=dict(
            name="adam",
            learning_rate=2e-4,
            b1=0.5,
            schedule=dict(name="linear", start=0.75),
        ),
        nce_weight=10.0,
        identity=False,
        flip=True,
        layers_compared=("image", "contract2", "contract3", "residual1", "residual5"),
        patches=256,
        temperature=0.07,
        projection=256,
        dtype="float32",
    )
    config.data = dict(
        content=dict(name="photographs"),
        style=dict(name="painter"),
        batch_size=1,
        crop=256,
        resize=286,
        resize_mode="squash",
        workers=0,
    )
    config.train = dict(steps=200 * EPOCH, log_every=100, save_every=5000, keep=2, sample_every=2000, ema=0.0)
    config.samples = dict(contents=dict(name="photographs", names=("cat", "coffee")), size=256)
    return config
