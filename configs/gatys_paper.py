"""Gatys et al. 2016 (CVPR), "Image style transfer using convolutional neural networks", as written.

    styleresearch stylize --content a.jpg --style b.jpg --out c.png --config=configs/gatys_paper.py --size 512

Reproduces: average pooling; filters scaled to a mean activation of 1; L = alpha L_content + beta L_style with alpha /
beta = 1e-3; L_content = 1/2 sum (F - P)^2 at conv4_2; E_l = 1 / (4 C^2 M^2) sum (G - A)^2 with w_l = 1/5 at conv1_1,
conv2_1, conv3_1, conv4_1, conv5_1; L-BFGS from white noise.
Differs from the paper: VGG16 unless ``--config.encoder.name=vgg19 --config.encoder.weights=vgg19``; activations are
normalised on five photographs (paper: ImageNet); "conv4_2" is taken after the ReLU, as the authors' code does; Gram
matrices are divided by their own M, so that content and style sizes may differ; the paper gives no number of
iterations (here 500 evaluations), no L-BFGS history (here 100) and no deviation of the noise (here 0.01 around
ImageNet's mean). Slow: normalised activations make the first layers weak, and colours come last; at 128 px and 150
evaluations outlines stand and most colours are still missing. ``configs/gatys_authors.py`` is the practical one.
"""

from ml_collections import ConfigDict


def get_config() -> ConfigDict:
    """Return the config."""
    config = ConfigDict()
    config.imports = ()
    config.precision = "float32"
    config.encoder = dict(
        name="vgg16", weights="vgg16", pooling="average", padding="zeros", normalise_on=dict(name="photographs")
    )
    config.method = dict(
        name="gatys",
        evaluations=500,
        init="noise",
        noise=0.01,
        pyramid=((1.0, 1.0),),
        optimizer=dict(name="lbfgs", learning_rate=1.0, history=100, line_search="none"),
        objective=dict(
            content=dict(name="feature", layers=("relu4_2",), reduction="half_sum", weight=1.0),
            style=dict(
                name="gram",
                layers=("relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1"),
                convention="paper",
                layer_weights=(0.2, 0.2, 0.2, 0.2, 0.2),
                weight=1e4,
            ),
        ),
    )
    return config
