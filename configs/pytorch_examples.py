"""fast_neural_style of the PyTorch examples: the code that most people mean by "feed-forward style transfer".

    styleresearch train --config=configs/pytorch_examples.py --workdir=runs/pytorch_examples

It needs torchvision's VGG16 (``styleresearch weights list``), and photographs (the code: MS COCO):
``--config.data.content.name=folder --config.data.content.path=DIR``.
Reproduces: 1,679,235 parameters, reflection padding, instance norm, nearest upsampling, pixels of 0-255 in and out,
content 1e5 mse at relu2_2, style 1e10 mse of Gram matrices over C H W at relu1_2, relu2_2, relu3_3, relu4_3, no total
variation; Adam 1e-3, resize 256 and central crop, batches of 4.
Differs from the code: pictures are shuffled (its data loader does not); 40,000 steps, two epochs of COCO, whatever the
folder holds; the style picture has 256 px unless ``--config.method.styles.size`` says otherwise (there its own size).
"""

from ml_collections import ConfigDict


def get_config() -> ConfigDict:
    """Return the config."""
    styles = dict(name="painter", names=("impasto",), seed=0)
    config = ConfigDict()
    config.name = "PyTorch examples"
    config.imports = ()
    config.seed = 0
    config.precision = "default"
    config.encoder = dict(name="vgg16", weights="vgg16_torchvision")
    config.method = dict(
        name="feedforward",
        net=dict(
            name="transform",
            widths=(32, 64, 128),
            styles=1,
            upsample="nearest",
            padding="reflect",
            pixels="byte",
            output="linear",
        ),
        styles=dict(**styles, size=256),
        optimizer=dict(name="adam", learning_rate=1e-3),
        objective=dict(
            content=dict(name="feature", layers=("relu2_2",), reduction="mse", weight=1e5),
            style=dict(
                name="gram", layers=("relu1_2", "relu2_2", "relu3_3", "relu4_3"), convention="neural_style", weight=1e10
            ),
        ),
        dtype="float32",
    )
    config.data = dict(
        content=dict(name="photographs"),
        batch_size=4,
        crop=256,
        resize=256,
        position="center",
        flip=False,
        workers=0,
    )
    config.train = dict(steps=40_000, log_every=100, save_every=2000, keep=2, sample_every=2000, ema=0.0)
    config.samples = dict(contents=dict(name="photographs", names=("cat", "coffee")), styles=styles, size=256)
    return config
