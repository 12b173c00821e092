"""Isola et al. 2017, "Image-to-image translation with conditional adversarial networks" (pix2pix), authors' code.

    styleresearch train --config=configs/pix2pix_paper.py --workdir=runs/pix2pix_paper

It learns to paint from outlines of paintings, so it runs anywhere. For outlines of pictures of yours:
``--config.data.content.of.name=folder --config.data.content.of.path=DIR --config.data.style.name=folder
--config.data.style.path=DIR``. For files that hold a pair side by side take a copy of this file with
``content=dict(name="half", side="left", of=dict(name="folder", path=DIR))``, and the right half for ``style``.
Reproduces: the U-Net for 256 px with dropout, a 70 px patch discriminator that sees content and output, cross-entropy,
mean absolute difference with weight 100, Adam 2e-4 with b1 = 0.5, one pair a step, 286 px squashed and cropped to 256,
mirrored at random, 200 epochs of 400 pairs (the facades), the second half of them towards a rate of 0.
Differs from the code: instance norm in both networks (batch norm of a batch of one is that), no dropout when it
stylises; the rate falls with every step; antialiased bilinear resizing, there bicubic.
"""

from ml_collections import ConfigDict

EPOCH = 400


def get_config() -> ConfigDict:
    """Return the config."""
    config = ConfigDict()
    config.name = "pix2pix (paper)"
    config.imports = ()
    config.seed = 0
    config.precision = "default"
    config.encoder = dict(name="vgg16", weights="vgg16")
    config.method = dict(
        name="pix2pix",
        net=dict(name="unet", width=64, downs=8, affine=False, upsample="transposed", padding="zeros", dropout=True),
        discriminator=dict(name="patch", width=64, layers=3, norm="instance"),
        adversarial=dict(name="non_saturating"),
        optimizer=dict(
            name="adam",
            learning_rate=2e-4,
            b1=0.5,
            schedule=dict(name="linear", start=0.5),
        ),
        l1_weight=100.0,
        dtype="float32",
    )
    config.data = dict(
        content=dict(name="edges", of=dict(name="painter")),
        style=dict(name="painter"),
        paired=True,
        batch_size=1,
        crop=256,
        resize=286,
        resize_mode="squash",
        workers=0,
    )
    config.train = dict(steps=200 * EPOCH, log_every=100, save_every=5000, keep=2, sample_every=2000, ema=0.0)
    config.samples = dict(
        contents=dict(name="edges", of=dict(name="painter", names=("impasto", "cubism"), seed=0)), size=256
    )
    return config
