"""Points made to go together, each axis keeping its own distribution."""

from __future__ import annotations

import numpy as np

from cyclesim.ensemble.designs.shares import shuffled
from cyclesim.scenario.rank_correlations import Matrix, of_normals


def joined(shares: np.ndarray, ranks: Matrix) -> np.ndarray:
    """Return points (quantity, run) with rank correlations, each run by itself.

    A Gaussian copula: normal variables of the correlations behind the ranks (Nelsen 2006, 2.3).
    """
    from scipy.special import ndtr, ndtri

    chosen, root = _root(ranks)
    found = shares.copy()
    found[chosen] = ndtr(root @ ndtri(shares[chosen]))
    return found


def reordered(shares: np.ndarray, ranks: Matrix, seed: int, labels: tuple[str, ...]) -> np.ndarray:
    """Return the same points in another order along each axis, with rank correlations.

    Iman and Conover 1982: the order is that of normal scores which have the correlations.
    """
    from scipy.special import ndtri

    chosen, root = _root(ranks)
    runs = shares.shape[1]
    if runs <= len(chosen):
        return shares  # so few points have no correlations of their own to be undone
    scores = ndtri(np.arange(1, runs + 1) / (runs + 1))
    drawn = np.array([shuffled(seed, labels[row], scores) for row in chosen])
    own = np.linalg.cholesky(np.atleast_2d(np.corrcoef(drawn)))
    wanted = root @ np.linalg.solve(own, drawn)
    found = shares.copy()
    for row, scored in zip(chosen, wanted, strict=True):
        found[row, np.argsort(scored, kind="stable")] = np.sort(shares[row])
    return found


def _root(ranks: Matrix) -> tuple[np.ndarray, np.ndarray]:
    """Return which quantities go with others, and the Cholesky root of their correlations."""
    whole = np.array([[of_normals(value) for value in row] for row in ranks])
    np.fill_diagonal(whole, 1.0)
    chosen = np.flatnonzero((whole != 0).sum(axis=1) > 1)
    return chosen, np.linalg.cholesky(whole[np.ix_(chosen, chosen)])
