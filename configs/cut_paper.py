"""Park et al. 2020, "Contrastive learning for unpaired image-to-image translation" (CUT), authors' code.

    styleresearch train --config=configs/cut_paper.py --workdir=runs/cut_paper

Give it two folders: ``--config.data.content.name=folder --config.data.content.path=PHOTOS`` and the same for
``data.style`` with paintings.
Reproduces: a generator of 9 residual blocks and a 70 px patch discriminator, both antialiased; least squares; PatchNCE
with weight 1 at the pixels, both contractions, residual blocks 1 and 5, 256 patches, temperature 0.07, and the same on
style pictures; Adam 2e-4 with b1 = 0.5; one picture a step; 286 px squashed and cropped to 256; 400 epochs of 1,000
pictures, the second half of them towards a rate of 0.
Differs from the code: initial weights are N(0, 0.02), there Xavier's times 0.02; the rate falls with every step;
antialiased bilinear resizing, there bicubic.
"""

from ml_collections import ConfigDict

EPOCH = 1000


def get_config() -> ConfigDict:
    """Return the config."""
    config = ConfigDict()
    config.name = "CUT (paper)"
    config.imports = ()
    config.seed = 0
    config.precision = "default"
    config.encoder = dict(name="vgg16", weights="vgg16")
    config.method = dict(
        name="cut",
        net=dict(name="resnet", width=64, blocks=9, antialias=True, padding="reflect"),
        discriminator=dict(name="patch", width=64, layers=3, norm="instance", antialias=True),
        adversarial=dict(name="lsgan"),
        optimizer=dict(
            name="adam",
            learning_rate=2e-4,
            b1=0.5,
            schedule=dict(name="linear", start=0.5),
        ),
        nce_weight=1.0,
        identity=True,
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
    config.train = dict(steps=400 * EPOCH, log_every=100, save_every=5000, keep=2, sample_every=2000, ema=0.0)
    config.samples = dict(contents=dict(name="photographs", names=("cat", "coffee")), size=256)
    return config
