"""Users of whom the model has no row: made of what they have, by the model's own objective."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Tuple, Union

import numpy as np
import numpy.typing as npt

from ._ids import Ids, Many

#: Ratings of a history's items; NaN or None: an item that somebody likes, without a rating.
Ratings = Union[Sequence[Union[float, None]], npt.NDArray[Any]]


class Scored(NamedTuple):
    id: str
    score: float


@dataclass(frozen=True, eq=False)
class FoldedUser:
    """A user made of a history; goes where an id of a user goes."""

    factors: npt.NDArray[np.float32]  #: [K], as a row of gamma_user
    bias: float  #: as one of beta_user; 0 where the model has none
    items: npt.NDArray[np.int32]  #: the history's items by index, ascending: what lists leave out


class Explanation(NamedTuple):
    """Why a score is what it is: score = rest + the sum over all items of the history."""

    score: float  #: by the history; not clipped
    rest: float  #: mean, biases, priors
    items: list[Scored]  #: what each item of the history adds, the most first


def rows_and_ratings(ids: Ids, items: Many, ratings: Ratings | None) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.float64]]:
    rows = ids.rows(items)
    if ratings is None:
        return rows, np.full(rows.size, np.nan)
    rated = np.array([np.nan if r is None else r for r in ratings], np.float64)
    if rated.shape != rows.shape:
        raise ValueError(f"{rows.size} items and {rated.size} ratings make no history")
    return rows, rated


def joined(parts: Sequence[npt.NDArray[Any]], dtype: Any) -> tuple[npt.NDArray[Any], npt.NDArray[np.int64]]:
    """Arrays one after another, and where each begins and the last one ends."""
    start = np.concatenate([[0], np.cumsum([part.size for part in parts])]).astype(np.int64)
    return (np.concatenate(parts) if parts else np.empty(0)).astype(dtype), start


#: Factors [B, K], biases [B], items, and where each user's items begin.
Parts = Tuple[npt.NDArray[np.float32], npt.NDArray[np.float32], npt.NDArray[np.int32], npt.NDArray[np.int64]]


def native_parts(users: Sequence[FoldedUser], factors: int) -> Parts:
    """What the compiled part calls users."""
    rows = np.array([user.factors for user in users], np.float32).reshape(len(users), -1 if users else factors)
    items, start = joined([user.items for user in users], np.int32)
    return rows, np.array([user.bias for user in users], np.float32), items, start


def folded_users(asked: Any) -> list[FoldedUser] | None:
    """The users in a question that speaks of such; None: it speaks of users of the model."""
    if isinstance(asked, FoldedUser):
        return [asked]
    if isinstance(asked, (list, tuple)) and asked and isinstance(asked[0], FoldedUser):
        return list(asked)
    return None
