"""Answers from recommendation models that latent has trained and exported.

    import latent

    model = latent.load("model.pt")
    model.recommend("u7", k=10)           # [("b3", 4.71), ...]
    model.similar("b3", k=5)
    model.predict("u7", "b3")             # 4.71
    model.recommend(model.fold_in(["b1", "b7"]))  # for somebody new
    model.recommend(np.arange(1000))      # indices [1000, 10] and scores [1000, 10]

What comes in as text goes out as lists of (id, score), what comes in as a NumPy array as arrays.
Nothing in a model file is run, and PyTorch is not needed.
"""

from importlib.metadata import PackageNotFoundError, version

from ._errors import Error, ModelError, ModelNotFoundError, UnknownIdError
from ._fold_in import Explanation, FoldedUser, Scored
from ._ids import Ids
from ._model import Model, load

try:
    __version__ = version("latent")
except PackageNotFoundError:  # used from a folder, without an installation
    __version__ = "unknown"

__all__ = [
    "Error", "Explanation", "FoldedUser", "Ids", "Model", "ModelError", "ModelNotFoundError", "Scored", "UnknownIdError", "load",
]  # fmt: skip
