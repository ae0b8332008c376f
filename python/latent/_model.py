"""The class Model: questions in ids or indices, answers likewise."""

# A str is a sequence of str as well; the overloads for one id come first.
# mypy: disable-error-code="overload-overlap"

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal, Union, overload

import numpy as np
import numpy.typing as npt

from ._errors import ModelNotFoundError
from ._fold_in import (Explanation, FoldedUser, Parts, Ratings, Scored, folded_users, joined,
                       native_parts, rows_and_ratings)  # fmt: skip
from ._ids import Ids, Indices, Many, is_indices, many
from ._native import NativeModel

Array = npt.NDArray[Any]
Floats = npt.NDArray[np.float32]
#: Items by id or by index, or an array of bool with a value for each item.
Filter = Union[Sequence[str], Array]


class Tables(Mapping[str, Array]):
    """The arrays of a model's file by name (gamma_item, seen_start, ...), where they lie: read-only, not copied,
    each checked when it is first asked for. An array keeps its model alive."""

    def __init__(self, native: NativeModel) -> None:
        self._native, self._names = native, native.arrays

    def __getitem__(self, name: str) -> Array:
        return self._native.array(name)

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


class Model:
    """An exported model in memory. All methods may be called from any number of threads at once, and let others run
    meanwhile.

    A user or an item is given by id, many of them as a sequence of ids or as a one-dimensional array of ids or of
    indices. The answer for one id is a list of (id, score), best first, ties to the lower index. For a sequence it is
    a list of such lists. For an array it is two arrays [B, N], ids (or indices) and scores, in which lists that
    are shorter are padded with None (or -1) and -inf.

    Where a user of the model goes, a user made of a history goes as well (fold_in), and a list of them.

    UnknownIdError names an id of which the model knows nothing.
    """

    def __init__(self, path: str | os.PathLike[str], map: bool = False) -> None:
        """`map` leaves the file where it is and reads only what is used, for files that stay as they are; otherwise it
        is copied, and may be replaced at any time."""
        self.path = os.fspath(path)
        if not os.path.exists(self.path):
            raise ModelNotFoundError(f"{self.path}: no such model file")
        self._native = n = NativeModel(self.path, map)
        #: Ids of users and of items, in the order of the tables' rows.
        self.users = Ids(n.users, n.user_ids, n.find_users, n.unknown_user)
        self.items = Ids(n.items, n.item_ids, n.find_items, n.unknown_item)
        #: Arrays of the file by name, not copied.
        self.tables = Tables(n)

    def __repr__(self) -> str:
        return f"<latent.Model {self.kind}: {len(self.users)} users, {len(self.items)} items, {self.factors} factors>"

    @property
    def kind(self) -> str:
        """The model's name in its config: svd, bpr, ..."""
        return self._native.kind

    @property
    def factors(self) -> int:
        """0: a model without."""
        return self._native.factors

    @property
    def metadata(self) -> dict[str, Any]:
        """Config, metrics and provenance of the model."""
        return dict(json.loads(self._native.metadata))

    def title(self, item: str) -> str:
        """The item's title; "" where the model has none."""
        return self._native.title(item)

    def knows_user(self, user: str) -> bool:
        """Whether the model was trained on a row of this user."""
        return self._trained(self.users, "user_rows", user)

    def knows_item(self, item: str) -> bool:
        return self._trained(self.items, "item_rows", item)

    @overload
    def fold_in(self, items: Sequence[str] | Array, ratings: Ratings | None = None) -> FoldedUser: ...
    @overload
    def fold_in(self, items: Sequence[Sequence[str]] | Sequence[Array],
                ratings: Sequence[Ratings | None] | None = None) -> list[FoldedUser]: ...  # fmt: skip
    def fold_in(self, items: Any, ratings: Any = None) -> Any:
        """Somebody of whom the model has no row, by the items that they have (ids or indices) and how they rated them:
        the vector that the model's own objective gives them, with the items as they are. A list of histories gives a
        list of users. Of an item that stands there twice the last rating counts.

        ModelError: a model without factors, an older file, or no item in the history that was trained on.
        """
        many_of_them = not isinstance(items, (str, np.ndarray)) and len(items) > 0 and not isinstance(items[0], str)
        histories = items if many_of_them else [items]
        rated = ratings if many_of_them and ratings is not None else [ratings] * len(histories)
        if len(rated) != len(histories):
            raise ValueError(f"{len(histories)} histories and ratings of {len(rated)}")
        pairs = [rows_and_ratings(self.items, *history) for history in zip(histories, rated)]
        rows, start = joined([rows for rows, _ in pairs], np.int32)
        factors, bias = self._native.fold_in(rows, joined([r for _, r in pairs], np.float64)[0], start)
        users = [FoldedUser(factors[n], float(bias[n]), np.unique(pairs[n][0])) for n in range(len(pairs))]
        return users if many_of_them else users[0]

    def explain(self, user: str | Many, item: str, k: int | None = None, ratings: Ratings | None = None) -> Explanation:
        """The items that add most to a user's score of an item: of a user of the model by the history that the file keeps
        (export.seen), or of anybody by the items given (and their ratings); at most k of them, the most first."""
        row = int(self.items.rows([item])[0])
        if isinstance(user, str):
            score, rest, items, values = self._native.explain(int(self.users.rows([user])[0]), row)
        else:
            score, rest, items, values = self._native.explain_history(*rows_and_ratings(self.items, user, ratings), row)
        if k is not None:
            items, values = items[: _count(k)], values[:k]
        return Explanation(score, rest, [Scored(*pair) for pair in zip(self.items.texts(items), values.tolist())])

    @overload
    def recommend(self, user: str | FoldedUser, k: int = 10, *, exclude_seen: bool = True, exclude: Filter = (),
                  only: Filter | None = None, threads: int = 0) -> list[Scored]: ...  # fmt: skip
    @overload
    def recommend(self, user: Array, k: int = 10, *, exclude_seen: bool = True, exclude: Filter = (),
                  only: Filter | None = None, threads: int = 0) -> tuple[Array, Floats]: ...  # fmt: skip
    @overload
    def recommend(self, user: Sequence[str] | Sequence[FoldedUser], k: int = 10, *, exclude_seen: bool = True, exclude: Filter = (),
                  only: Filter | None = None, threads: int = 0) -> list[list[Scored]]: ...  # fmt: skip
    def recommend(self, user: Any, k: int = 10, *, exclude_seen: bool = True, exclude: Filter = (),
                  only: Filter | None = None, threads: int = 0) -> Any:  # fmt: skip
        """Up to k items with the highest scores for a user, or for each of many.

        exclude_seen: leave out what the file says the user had (export.seen).
        exclude, only: items that are never listed, and those to choose from (None: all); ids that the model does not
        know are passed over.
        threads: for many users; 0: all.
        """
        how = (_count(k), exclude_seen, self._allowed(exclude, only), threads)
        if (folded := folded_users(user)) is not None:
            return _answer(user, self._native.recommend_folded(*self._parts(folded), *how), self.items)
        return _answer(user, self._native.recommend(self.users.rows(_one_or_many(user)), *how), self.items)

    def popular(self, user: str = "", k: int = 10, *, exclude_seen: bool = True, exclude: Filter = (),
                only: Filter | None = None) -> list[Scored]:  # fmt: skip
        """Up to k items with most rows of training, and how many: for users of whom nothing is known. Any text may be
        a user; what a known one had is left out."""
        lists = self._native.popular(user, _count(k), exclude_seen, self._allowed(exclude, only))
        return _named(lists, self.items)[0]

    @overload
    def rank(self, user: str | FoldedUser, items: Many) -> list[Scored]: ...
    @overload
    def rank(self, user: Array, items: Many) -> tuple[Array, Floats]: ...
    @overload
    def rank(self, user: Sequence[str] | Sequence[FoldedUser], items: Many) -> list[list[Scored]]: ...
    def rank(self, user: Any, items: Many) -> Any:
        """Those items with their scores for a user, or for each of many, best first; untrained ones are left out."""
        if (folded := folded_users(user)) is not None:
            return _answer(user, self._native.rank_folded(*self._parts(folded), self.items.rows(items)), self.items)
        return _answer(user, self._native.rank(self.users.rows(_one_or_many(user)), self.items.rows(items)), self.items)

    @overload
    def similar(self, item: str, k: int = 10) -> list[Scored]: ...
    @overload
    def similar(self, item: Array, k: int = 10) -> tuple[Array, Floats]: ...
    @overload
    def similar(self, item: Sequence[str], k: int = 10) -> list[list[Scored]]: ...
    def similar(self, item: Any, k: int = 10) -> Any:
        """Up to k items by the cosine of their factors with an item's, without itself. ModelError: a model without
        factors."""
        rows = self.items.rows(_one_or_many(item))
        return _answer(item, self._native.similar_items(rows, _count(k)), self.items)

    similar_items = similar

    @overload
    def similar_users(self, user: str, k: int = 10) -> list[Scored]: ...
    @overload
    def similar_users(self, user: Array, k: int = 10) -> tuple[Array, Floats]: ...
    @overload
    def similar_users(self, user: Sequence[str], k: int = 10) -> list[list[Scored]]: ...
    def similar_users(self, user: Any, k: int = 10) -> Any:
        """Likewise for users."""
        rows = self.users.rows(_one_or_many(user))
        return _answer(user, self._native.similar_users(rows, _count(k)), self.users)

    @overload
    def predict(self, user: str | FoldedUser, item: str) -> float: ...
    @overload
    def predict(self, user: str | FoldedUser, item: Many) -> Floats: ...
    @overload
    def predict(self, user: Many | Sequence[FoldedUser], item: str | Many) -> Floats: ...
    def predict(self, user: Any, item: Any) -> Any:
        """The model's score of a pair as a rating, clipped to the ratings' range where the model has one. Many users
        with as many items: an array of scores; one of either goes with all of the other."""
        if (folded := folded_users(user)) is not None:
            items = self.items.rows(_one_or_many(item))
            folded, items = _paired(folded, isinstance(user, FoldedUser), items, isinstance(item, str))
            scores = self._native.predict_folded(*self._parts(folded), items)
        else:
            scores = self._native.predict(*self._pairs(user, item))
        return float(scores[0]) if isinstance(user, (str, FoldedUser)) and isinstance(item, str) else scores

    def predict_sd(self, user: str | Many, item: str | Many) -> Any:
        """The standard deviation of a predicted rating, of a model that knows it (bayesian_mf); shapes as predict()."""
        users, items = self._pairs(user, item)
        deviations = self._native.predict_sd(users, items)
        return float(deviations[0]) if isinstance(user, str) and isinstance(item, str) else deviations

    def _pairs(self, user: Any, item: Any) -> tuple[Indices, Indices]:
        users, items = self.users.rows(_one_or_many(user)), self.items.rows(_one_or_many(item))
        pairs: tuple[Indices, Indices] = _paired(users, isinstance(user, str), items, isinstance(item, str))
        return pairs

    def _parts(self, users: list[FoldedUser]) -> Parts:
        return native_parts(users, self.factors)

    def _trained(self, ids: Ids, counts: Literal["user_rows", "item_rows"], id: str) -> bool:
        row = int(ids.find([id])[0])
        return row >= 0 and (counts not in self.tables or bool(self.tables[counts][row] > 0))

    def _allowed(self, exclude: Filter, only: Filter | None) -> npt.NDArray[np.bool_] | None:
        if only is None and not len(exclude):
            return None
        allowed = np.ones(len(self.items), bool) if only is None else self._mask(only)
        return allowed & ~self._mask(exclude)

    def _mask(self, items: Filter) -> npt.NDArray[np.bool_]:
        if isinstance(items, np.ndarray) and items.dtype == bool:
            if items.shape != (len(self.items),):
                raise ValueError(f"an array of bool has a value for each of the {len(self.items)} items, not {items.shape}")
            return items
        mask = np.zeros(len(self.items), bool)
        mask[self.items.known_rows(items)] = True
        return mask


def load(path: str | os.PathLike[str], map: bool = False) -> Model:
    """The model in a file that `latent export` or a training has written: .pt or .safetensors."""
    return Model(path, map)


def _count(k: int) -> int:
    if k < 0:
        raise ValueError(f"k must not be negative, but is {k}")
    return int(k)


def _paired(users: Any, one_user: bool, items: Indices, one_item: bool) -> tuple[Any, Indices]:
    """As many users as items: one of either goes with all of the other."""
    if one_user:
        users = users * len(items) if isinstance(users, list) else np.repeat(users, len(items))
    elif one_item:
        items = np.repeat(items, len(users))
    if len(users) != len(items):
        raise ValueError(f"{len(users)} users and {len(items)} items make no pairs")
    return users, items


def _one_or_many(ids: Any) -> Many:
    return [ids] if isinstance(ids, str) else many(ids)


def _named(lists: tuple[Indices, Floats], ids: Ids) -> list[list[Scored]]:
    out = []
    for rows, scores in zip(*lists):
        end = int((rows >= 0).sum())
        out.append([Scored(*pair) for pair in zip(ids.texts(rows[:end]), scores[:end].tolist())])
    return out


def _answer(asked: Any, lists: tuple[Indices, Floats], ids: Ids) -> Any:
    """`lists` in the form in which the question came."""
    if is_indices(asked):
        return lists
    if not isinstance(asked, np.ndarray):
        named = _named(lists, ids)
        return named[0] if isinstance(asked, (str, FoldedUser)) else named
    rows, scores = lists
    texts = np.empty(rows.size, object)
    texts[:] = ids.texts(rows.ravel())
    return texts.reshape(rows.shape), scores
