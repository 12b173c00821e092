"""Which style loss is best, when all leave as much of the content?

    styleresearch sweep --config=experiments/compare_losses.py --workdir=runs/compare_losses

Gatys' method with every style loss, each at the weight that brings its content loss to that of the Gram matrices at
0.03 of the authors' weight. The answer is the table: style metrics of losses at one content loss, and below it the
weights that were found and what they reached.
"""

from ml_collections import ConfigDict

LOSSES = ("moments", "histogram", "sliced_wasserstein", "mmd", "wasserstein", "covariance")


def get_config() -> ConfigDict:
    """Return the config."""
    layers = ("relu1_1", "relu2_1", "relu3_1", "relu4_1")
    content = dict(name="feature", layers=("relu4_2",), reduction="mse")
    gram = dict(name="gram", layers=layers, convention="authors")
    gatys = dict(name="gatys", evaluations=40, optimizer=dict(name="lbfgs", history=20))

    def method(label: str, **style: object) -> dict:
        return dict(**gatys, label=label, objective=dict(content=dict(**content, weight=1.0), style=style))

    config = ConfigDict()
    config.name = "Style losses at equal content"
    config.imports = ()
    config.size = 128
    config.seeds = (0,)
    config.precision = "float32"
    config.encoder = dict(name="vgg16", weights="vgg16", pooling="max")
    config.contents = dict(name="photographs", names=("cat", "coffee"))
    config.styles = dict(name="painter", names=("impasto", "stained_glass"), seed=0)
    config.methods = dict(gram=method("Gram", **gram, weight=0.03))
    for name in LOSSES:
        config.methods[name] = method(name.replace("_", " ").capitalize(), name=name, layers=layers, weight=1000.0)
    config.methods.update(identity=dict(name="identity", label="Content image"))
    config.metrics = dict(
        content_loss=dict(name="loss", title="Content loss", loss=content),
        style_loss=dict(name="loss", title="Style loss (Gram)", loss=gram, twin=dict(name="efficientnet_lite0")),
        ssim=dict(name="ssim"),
        color=dict(name="color_histogram"),
    )
    config.match = dict(metric="content_loss", value="gram", tolerance=0.02, budget=8)
    return config
