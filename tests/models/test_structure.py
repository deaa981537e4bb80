from copy import deepcopy

import numpy as np
import pytest
from scipy import sparse
from sklearn.base import clone

from sparing import CapabilityError
from sparing.models.graph_classifier import GraphClassifier
from sparing.models.structure import PoolStructure, column_scale


def test_copies_of_a_model_share_it():
    structure = PoolStructure(np.eye(5))
    model = GraphClassifier(structure=structure)
    assert clone(model).structure is structure
    assert deepcopy(model).structure is structure


def test_it_knows_its_own_features():
    X = np.random.default_rng(0).standard_normal((6, 3))
    structure = PoolStructure(X)
    assert structure.holds(X)
    assert structure.holds(X.view())
    assert not structure.holds(X.copy())
    assert not structure.holds(X[:5])
    assert not structure.holds(X.astype(np.float32))


def test_columns_of_different_units_are_brought_to_one():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((50, 3)) * [1, 1, 1e4]
    structure = PoolStructure(X)
    np.testing.assert_allclose(structure.points.std(axis=0), 1, rtol=1e-5)
    plain = PoolStructure(X / [1, 1, 1e4])
    assert plain.points is plain.X
    np.testing.assert_array_equal(structure.graph.component, plain.graph.component)


def test_a_constant_column_stays_out_of_it():
    assert column_scale(np.zeros(3)) is None
    assert column_scale(np.array([0.0, 1.0, 100.0, 1.0]))[0] == 0


def test_sparse_features_are_refused_with_a_remedy():
    with pytest.raises(CapabilityError, match="encoder 'text'"):
        PoolStructure(sparse.csr_array(np.eye(3)))
