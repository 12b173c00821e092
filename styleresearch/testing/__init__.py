"""The conformance kit: what a loss, a metric, a method or a kind of pictures must keep, as tests of a module of yours.

    pytest --pyargs styleresearch.testing --styleresearch-module=my_losses.py

The same tests run over everything that comes with the package.
"""

from styleresearch.extras import require

require("pytest", "testing", "the conformance kit")
