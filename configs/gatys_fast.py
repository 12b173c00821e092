"""Gatys for people who wait: coarse to fine, a short L-BFGS history, reflected borders. The default of ``stylize``.

    styleresearch stylize --content a.jpg --style b.jpg --out c.png --size 256

Reproduces no paper. Starts from ``configs/gatys_authors.py`` and changes: 60 % of 200 evaluations at half size (a
quarter of the cost each), the rest at full size; 0.03 of its style weight, because the coarse stage lets go of the
content; history 20; reflection padding (no dark frame); a little total variation against noise.
Differs from the paper (Gatys et al. 2016): all of that, and what ``configs/gatys_authors.py`` lists.
"""

from ml_collections import ConfigDict


def get_config() -> ConfigDict:
    """Return the config."""
    config = ConfigDict()
    config.imports = ()
    config.precision = "float32"
    config.encoder = dict(name="vgg16", weights="vgg16", pooling="max", padding="reflect")
    config.method = dict(
        name="gatys",
        evaluations=200,
        init="content",
        pyramid=((0.5, 0.6), (1.0, 0.4)),
        optimizer=dict(name="lbfgs", learning_rate=1.0, history=20, line_search="none"),
        objective=dict(
            content=dict(name="feature", layers=("relu4_2",), reduction="mse", weight=1.0),
            style=dict(
                name="gram",
                layers=("relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1"),
                convention="authors",
                weight=0.03,
            ),
            smoothness=dict(name="total_variation", kind="l2", reduction="sum", weight=10.0),
        ),
    )
    return config
