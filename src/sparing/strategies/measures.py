"""Pure measures of how much there is to learn from a label; higher = ask first.

All of them follow the Python array API: NumPy in, NumPy out; torch tensors on any device in, the
same out. The single-model measures take ``proba`` (n, n_classes); the committee's take
``member_proba`` (n_members, n, n_classes) or ``votes`` (n_members, n).
"""

from array_api_compat import array_namespace

from sparing._validate import invalid
from sparing.types import Array


def least_confidence(proba: Array) -> Array:
    """Return one minus the largest probability, (n,) in [0, 1 - 1 / n_classes].

    Examples
    --------
    >>> import numpy as np
    >>> least_confidence(np.array([[0.75, 0.25], [0.5, 0.5]]))
    array([0.25, 0.5 ])

    References
    ----------
    Lewis & Gale (1994); the founding article's rule.
    """
    xp = array_namespace(proba)
    return 1 - xp.max(proba, axis=-1)


def margin(proba: Array) -> Array:
    """Return one minus the gap between the two largest probabilities, (n,) in [0, 1].

    With a single class there is no second one: the gap is 1 and the utility 0.

    Examples
    --------
    >>> import numpy as np
    >>> margin(np.array([[0.75, 0.25, 0.0], [0.5, 0.5, 0.0]]))
    array([0.5, 1. ])

    References
    ----------
    Scheffer, Decomain & Wrobel (2001)
    """
    xp = array_namespace(proba)
    top = xp.max(proba, axis=-1, keepdims=True)
    is_top = proba == top
    # No sort: the second is the largest of the rest, and a tie at the top leaves no gap at all.
    second = xp.max(xp.where(is_top, xp.zeros_like(proba), proba), axis=-1)
    tied = xp.count_nonzero(is_top, axis=-1) > 1
    first = xp.squeeze(top, axis=-1)
    return 1 - (first - xp.where(tied, first, second))


def entropy(proba: Array) -> Array:
    """Return the Shannon entropy in nats over the last axis, in [0, log(n_classes)].

    Examples
    --------
    >>> import numpy as np
    >>> entropy(np.array([[1.0, 0.0], [0.5, 0.5]])).round(3)
    array([0.   , 0.693])

    References
    ----------
    Shannon (1948)
    """
    xp = array_namespace(proba)
    safe = xp.where(proba > 0, proba, xp.ones_like(proba))
    return xp.abs(xp.sum(safe * xp.log(safe), axis=-1))  # abs: a certain row is 0, not -0


def _vote_shares(votes: Array, n_classes: int) -> Array:
    """(n_members, n) class codes -> (n, n_classes) shares of the votes."""
    xp = array_namespace(votes)
    if bool(xp.any((votes < 0) | (votes >= n_classes))):
        raise invalid("votes", "vote shares", f"class codes in [0, {n_classes - 1}]", votes)
    counts = [xp.count_nonzero(votes == code, axis=0) for code in range(n_classes)]
    return xp.astype(xp.stack(counts, axis=-1), xp.float64) / votes.shape[0]


def vote_entropy(votes: Array, n_classes: int) -> Array:
    """Return the entropy in nats of the committee's votes, (n,); 0 when all members agree.

    Parameters
    ----------
    votes : (n_members, n) class codes
    n_classes : classes known to the pool

    Raises
    ------
    InvalidInputError : a code lies outside [0, n_classes)

    Examples
    --------
    >>> import numpy as np
    >>> vote_entropy(np.array([[0, 1], [0, 0]]), 2).round(3)
    array([0.   , 0.693])

    References
    ----------
    Dagan & Engelson (1995)
    """
    return entropy(_vote_shares(votes, n_classes))


def variation_ratio(votes: Array, n_classes: int) -> Array:
    """Return the share of members that do not vote with the mode, (n,) in [0, 1 - 1 / n_classes].

    Parameters
    ----------
    votes : (n_members, n) class codes
    n_classes : classes known to the pool

    Examples
    --------
    >>> import numpy as np
    >>> variation_ratio(np.array([[0, 1], [0, 0], [0, 0], [0, 0]]), 2)
    array([0.  , 0.25])

    References
    ----------
    Freeman (1965); Gal, Islam & Ghahramani (2017)
    """
    return least_confidence(_vote_shares(votes, n_classes))


def consensus_kl(member_proba: Array) -> Array:
    """Return the mean Kullback-Leibler divergence of the members from their mean, (n,) nats.

    It equals :func:`bald`, computed the other way round.

    Parameters
    ----------
    member_proba : (n_members, n, n_classes)

    Examples
    --------
    >>> import numpy as np
    >>> consensus_kl(np.array([[[1.0, 0.0]], [[0.0, 1.0]]])).round(3)
    array([0.693])

    References
    ----------
    McCallum & Nigam (1998)
    """
    xp = array_namespace(member_proba)
    consensus = xp.mean(member_proba, axis=0, keepdims=True)
    # Where the consensus is 0 every member is, and 0 log 0 counts as 0.
    ratio = member_proba / xp.where(consensus > 0, consensus, xp.ones_like(consensus))
    safe = xp.where(member_proba > 0, ratio, xp.ones_like(ratio))
    return xp.mean(xp.sum(member_proba * xp.log(safe), axis=-1), axis=0)


def bald(member_proba: Array) -> Array:
    """Return the mutual information in nats between the label and the model, (n,).

    The entropy of the members' mean, less the mean of the members' entropies.

    Parameters
    ----------
    member_proba : (n_members, n, n_classes)

    Examples
    --------
    >>> import numpy as np
    >>> bald(np.array([[[1.0, 0.0], [0.5, 0.5]], [[0.0, 1.0], [0.5, 0.5]]])).round(3)
    array([0.693, 0.   ])

    References
    ----------
    Houlsby, Huszár, Ghahramani & Lengyel (2011)
    """
    xp = array_namespace(member_proba)
    return entropy(xp.mean(member_proba, axis=0)) - xp.mean(entropy(member_proba), axis=0)


def epig(member_proba: Array, target_proba: Array) -> Array:
    """Return the expected predictive information gain in nats, (n,).

    How much a label at each row is expected to tell about the labels at the targets: the mutual
    information between the two labels, averaged over the targets.

    Parameters
    ----------
    member_proba : (n_members, n, n_classes) the rows that may be asked
    target_proba : (n_members, n_targets, n_classes) rows that stand for what will be predicted

    Examples
    --------
    Where the members agree there is nothing to learn; where they part as they do at the target,
    its label follows:

    >>> import numpy as np
    >>> rows = np.array([[[1.0, 0.0], [0.5, 0.5]], [[0.0, 1.0], [0.5, 0.5]]])
    >>> epig(rows, np.array([[[0.0, 1.0]], [[1.0, 0.0]]])).round(3)
    array([0.693, 0.   ])

    References
    ----------
    Bickford Smith et al. (2023), arXiv 2304.08151
    """
    xp = array_namespace(member_proba, target_proba)
    S, n, c = member_proba.shape
    n_targets = target_proba.shape[1]
    # One matrix product over the members: (n c, S) @ (S, n_targets c).
    rows = xp.reshape(member_proba, (S, n * c))
    joint = rows.T @ xp.reshape(target_proba, (S, n_targets * c)) / S
    both = entropy(xp.reshape(joint, (n, -1)))  # summed over the targets
    own = entropy(xp.mean(member_proba, axis=0))
    targets = xp.sum(entropy(xp.mean(target_proba, axis=0)))
    return own + (targets - both) / n_targets
