"""A score on the data that chose the epoch is marked."""

import warnings

import pytest

import myelin as mn
from myelin.errors import OptimisticScoreWarning
from tests.training.conftest import make_data, make_model

X, Y = make_data()


def chosen(**kwargs):
    model = make_model()
    stopper = mn.callbacks.EarlyStopping("val_loss", patience=3, restore_best_weights=True)
    model.fit(X[:40], Y[:40], epochs=3, verbose=0, callbacks=[stopper], **kwargs)
    return model


def test_a_score_on_the_data_that_chose_the_epoch_warns():
    model = chosen(validation_data=(X[40:], Y[40:]))
    with pytest.warns(OptimisticScoreWarning, match="EarlyStopping on val_loss"):
        model.evaluate(X[40:], Y[40:], verbose=0)


def test_a_score_on_other_data_does_not():
    model = chosen(validation_data=(X[40:50], Y[40:50]))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model.evaluate(X[50:], Y[50:], verbose=0)


def test_validation_alone_chooses_nothing():
    model = make_model()
    model.fit(X[:40], Y[:40], verbose=0, validation_data=(X[40:], Y[40:]))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model.evaluate(X[40:], Y[40:], verbose=0)
