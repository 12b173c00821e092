"""neural-style (Johnson 2015), the Torch implementation that most forks descend from, with its defaults.

    styleresearch stylize --content a.jpg --style b.jpg --out c.png --config=configs/neural_style.py --size 384

Reproduces: content weight 5 (mse of relu4_2), style weight 100 (mse of G / (C M) at relu1_1 ... relu5_1), total
variation weight 1e-3, max pooling, random start of deviation 0.001 grey levels around the mean colour, 1000
evaluations of L-BFGS.
Differs from the code: VGG16 unless ``--config.encoder.name=vgg19 --config.encoder.weights=vgg19``; pixels times 255
(code: 256); the code adds only the gradient of the total variation, on pixels of 0-255: here the term is 255^2 * 1e-3
/ 2 on [0, 1], whose gradient is that of the code's convention; history 100 (code: Torch7's 100); a fixed seed (code:
random); --size is the short side (code: 512 for the longest).
Differs from the paper (Gatys et al. 2016): max pooling, no normalised activations, another Gram normalisation, total
variation.
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
        evaluations=1000,
        init="noise",
        noise=0.001 / 255,
        pyramid=((1.0, 1.0),),
        optimizer=dict(name="lbfgs", learning_rate=1.0, history=100, line_search="none"),
        objective=dict(
            content=dict(name="feature", layers=("relu4_2",), reduction="mse", weight=5.0),
            style=dict(
                name="gram",
                layers=("relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1"),
                convention="neural_style",
                weight=100.0,
            ),
            smoothness=dict(name="total_variation", kind="l2", reduction="sum", weight=255.0**2 * 1e-3 / 2),
        ),
    )
    return config
