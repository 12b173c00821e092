"""Zhu et al. 2017, "Unpaired image-to-image translation using cycle-consistent adversarial networks", authors' code.

    styleresearch train --config=configs/cyclegan_paper.py --workdir=runs/cyclegan_paper

Give it two folders: ``--config.data.content.name=folder --config.data.content.path=PHOTOS`` and the same for
``data.style`` with paintings.
Reproduces: generators of 9 residual blocks, 70 px patch discriminators, least squares, cycle weight 10, identity weight
5 (half of it, as for the paper's paintings), pools of 50, Adam 2e-4 with b1 = 0.5, one picture a step, 286 px squashed
and cropped to 256, mirrored at random, 200 epochs of 1,000 pictures, the second half of them towards a rate of 0.
Differs from the code: the rate falls with every step, there with every epoch; antialiased bilinear resizing, there
bicubic.
"""

from ml_collections import ConfigDict

EPOCH = 1000


def get_config() -> ConfigDict:
    """Return the config."""
    config = ConfigDict()
    config.name = "CycleGAN (paper)"
    config.imports = ()
    config.seed = 0
    config.precision = "default"
    config.encoder = dict(name="vgg16", weights="vgg16")
    config.method = dict(
        name="cyclegan",
        net=dict(name="resnet", width=64, blocks=9, upsample="transposed", padding="reflect"),
        discriminator=dict(name="patch", width=64, layers=3, norm="instance"),
        adversarial=dict(name="lsgan"),
        optimizer=dict(
            name="adam",
            learning_rate=2e-4,
            b1=0.5,
            schedule=dict(name="linear", start=0.5),
        ),
        cycle_weight=10.0,
        identity_weight=5.0,
        pool=50,
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
