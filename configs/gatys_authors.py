"""Gatys et al. as in the authors' published PyTorch code (2017): the objective most later work means by "Gatys".

    styleresearch stylize --content a.jpg --style b.jpg --out c.png --config=configs/gatys_authors.py --size 512

Reproduces: mse of relu4_2 (weight 1) and of Gram matrices over M (weight 1000 / C^2) at relu1_1 ... relu5_1, max
pooling, zero padding, Caffe's pixels, L-BFGS without line search (rate 1, history 100), 500 evaluations from the
content image, short side 512.
Differs from the code: VGG16 unless ``--config.encoder.name=vgg19 --config.encoder.weights=vgg19`` (weights that need
the whole internet or a file); L-BFGS with the safeguards of ``optim.lbfgs``; pixels are optimised in [0, 1]; the
second stage at 800 px is ``--config.method.pyramid='((0.64, 500), (1.0, 200))' --evaluations 700 --size 800``.
Differs from the paper: max pooling (paper: average), raw activations (paper: normalised to mean 1), content start
(paper: white noise), and Gram weights that fall with 1 / C^2.
"""

from ml_collections import ConfigDict


def get_config() -> ConfigDict:
    """Return the config."""
    config = ConfigDict()
    config.imports = ()
    config.precision = "float32"
    config.encoder = dict(name="vgg16", weights="vgg16", pooling="max", padding="zeros")
    config.method = dict(
        name="gatys",
        evaluations=500,
        init="content",
        pyramid=((1.0, 1.0),),
        optimizer=dict(name="lbfgs", learning_rate=1.0, history=100, line_search="none"),
        objective=dict(
            content=dict(name="feature", layers=("relu4_2",), reduction="mse", weight=1.0),
            style=dict(
                name="gram",
                layers=("relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1"),
                convention="authors",
                weight=1.0,
            ),
        ),
    )
    return config
