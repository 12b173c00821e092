"""How does the style weight trade content for style?

    styleresearch sweep --config=experiments/style_weight.py --workdir=runs/style_weight

Gatys' objective with the authors' Gram convention at four style weights, a factor of ten apart, on the same pairs. The
answer is the report's plane of style loss against content loss, a line with a point for each weight between the content
image and the style image, and its figures of each metric over the weight.
"""

from ml_collections import ConfigDict


def get_config() -> ConfigDict:
    """Return the config."""
    content = dict(name="feature", layers=("relu4_2",), reduction="mse")
    style = dict(name="gram", layers=("relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1"), convention="authors")
    config = ConfigDict()
    config.name = "Style weight"
    config.imports = ()
    config.size = 128
    config.seeds = (0,)
    config.precision = "float32"
    config.encoder = dict(name="vgg16", weights="vgg16", pooling="max")
    config.contents = dict(name="photographs", names=("cat", "coffee"))
    config.styles = dict(name="painter", names=("impasto", "stained_glass"), seed=0)
    config.methods = dict(
        gatys=dict(
            name="gatys",
            label="Gatys",
            evaluations=60,
            optimizer=dict(name="lbfgs", history=20),
            objective=dict(content=dict(**content, weight=1.0), style=dict(**style, weight=1.0)),
        )
    )
    config.methods.update(
        identity=dict(name="identity", label="Content image"),
        style_image=dict(name="style_image", label="Style image"),
    )
    config.metrics = dict(
        content_loss=dict(name="loss", title="Content loss", loss=content),
        style_loss=dict(name="loss", title="Style loss (Gram)", loss=style),
        ssim=dict(name="ssim"),
        color=dict(name="color_histogram"),
    )
    config.plane = ("content_loss", "style_loss")
    config.sweep = dict(weight=dict(field="methods.gatys.objective.style.weight", values=(0.001, 0.01, 0.1, 1.0)))
    return config
