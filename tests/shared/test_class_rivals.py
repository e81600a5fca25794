"""Rivals of several classes: chosen on rows that they have not seen, whatever views there are."""

import time

import numpy as np
import pytest
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.neighbors import KNeighborsClassifier
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from shared import class_rivals
from shared.baselines import Matrix
from shared.class_rivals import GRIDS, Views, dtw_distances, fit_class_rivals, joined

TRAIN, TEST = np.arange(120), np.arange(120, 160)
FOLDS = [(np.setdiff1d(TRAIN, TRAIN[place::3]), TRAIN[place::3]) for place in range(3)]
HELD = np.concatenate([held for _, held in FOLDS])
ONE = [(TRAIN[:80], TRAIN[80:])]


@pytest.fixture(autouse=True)
def one_thread():
    """So small a fit takes longer on many threads than on one."""
    with threadpool_limits(1):
        yield


SMALL = {name: (view, grid[1:2] or grid) for name, (view, grid) in GRIDS.items()}
SMALL["nearest_neighbour"] = GRIDS["nearest_neighbour"]
SMALL["gradient_boosting"] = (
    "raw",
    [{"max_iter": 15, "min_samples_leaf": 5}, {"max_iter": 15, "max_depth": 1}],
)


@pytest.fixture(autouse=True)
def fewer_trees(monkeypatch):
    """So that a test takes a second."""
    from sklearn import ensemble

    forest = ensemble.RandomForestClassifier
    monkeypatch.setattr(ensemble, "RandomForestClassifier", lambda trees, **settings: forest(20, **settings))
    monkeypatch.setattr(class_rivals, "GRIDS", SMALL)


def only(monkeypatch, **settings):
    """Leaves these rivals, each with these settings."""
    monkeypatch.setattr(
        class_rivals, "GRIDS", {name: (GRIDS[name][0], grid) for name, grid in settings.items()}
    )


def everything(classes=2, *, rows=160, seed=0):
    """Three views that each tell a part of the class; some signals and images are missing."""
    rng = np.random.default_rng(seed)
    code = rng.integers(0, classes, rows)
    number = rng.normal(size=(rows, 2)) + code[:, None]
    ward = rng.integers(0, 4, rows)
    raw = np.column_stack([np.where(rng.random((rows, 2)) < 0.1, np.nan, number), ward])
    scaled = np.column_stack([np.nan_to_num(raw[:, :2]), ward[:, None] == np.arange(4)])
    signal = rng.normal(size=(rows, 20)) + 2 * np.sin(np.arange(20) * (1 + code[:, None]) / 3)
    image = rng.normal(size=(rows, 70)) + (np.arange(70) % classes == code[:, None])
    signal[rng.random(rows) < 0.2] = np.nan
    image[rng.random(rows) < 0.2] = np.nan
    table = Matrix(raw.astype("float32"), scaled.astype("float32"), ["a", "b", "ward"], [2])
    return Views(table, signal, image), code


def plain_dtw(a, b, reach):
    """Every cell, one after the other."""
    total = np.full((len(a) + 1, len(b) + 1), np.inf)
    total[0, 0] = 0
    for i in range(len(a)):
        for j in range(max(0, i - reach), min(len(b), i + reach + 1)):
            best = min(total[i, j], total[i, j + 1], total[i + 1, j])
            total[i + 1, j + 1] = (a[i] - b[j]) ** 2 + best
    return np.sqrt(total[-1, -1])


@pytest.mark.parametrize("samples", [1, 2, 3, 7, 24, 41])
@pytest.mark.parametrize("window", [0.0, 0.05, 0.1, 0.5, 1.0])
def test_time_warping_is_that_of_a_plain_double_loop(samples, window):
    rng = np.random.default_rng(samples)
    a, b = rng.normal(size=(3, samples)).cumsum(axis=1), rng.normal(size=(5, samples)).cumsum(axis=1)
    expected = [[plain_dtw(one, other, max(1, round(window * samples))) for other in b] for one in a]
    np.testing.assert_allclose(dtw_distances(a, b, window=window), expected, rtol=1e-5)


def test_time_warping_in_blocks_is_that_in_one_and_symmetric(monkeypatch):
    signals = np.random.default_rng(0).normal(size=(11, 30))
    whole = dtw_distances(signals, signals)
    np.testing.assert_allclose(whole, whole.T, rtol=1e-5)
    assert (np.diag(whole) == 0).all() and (
        whole <= np.sqrt(((signals[:, None] - signals) ** 2).sum(2)) + 1e-4
    ).all()
    monkeypatch.setattr(class_rivals, "BLOCK", 4)
    np.testing.assert_array_equal(dtw_distances(signals, signals), whole)


def test_time_warping_of_many_pairs_takes_far_less_than_a_plain_loop_of_each():
    signals = np.random.default_rng(0).normal(size=(400, 140))
    start = time.perf_counter()
    for other in signals[:3]:
        plain_dtw(signals[0], other, 7)
    plain = (time.perf_counter() - start) / 3
    start = time.perf_counter()
    dtw_distances(signals[:10], signals)
    assert (time.perf_counter() - start) / 4000 < plain / 20


@pytest.mark.parametrize("classes", [2, 5])
@pytest.mark.parametrize("folds", [FOLDS, ONE], ids=["several folds", "one fold"])
def test_every_rival_gives_probabilities_and_most_beat_the_prior(classes, folds):
    views, code = everything(classes)
    told = []
    rivals = fit_class_rivals(views, code, folds, classes=classes, train=TRAIN, on_fitted=told.append)
    assert list(rivals) == told == list(GRIDS)
    held = np.concatenate([rows for _, rows in folds])
    for name, rival in rivals.items():
        for rows, found in ((held, rival.valid), (TEST, rival.score(TEST))):
            assert found.shape == (len(rows), classes) and found.min() > 0
            np.testing.assert_allclose(found.sum(axis=1), 1, rtol=1e-9)
        loss, prior = (log_loss(code[TEST], each.score(TEST)) for each in (rival, rivals["prior"]))
        assert name == "prior" or loss < prior, name
        assert rival.name == name and rival.score(TEST[:0]).shape == (0, classes)
    shares = np.bincount(code[folds[0][0] if folds is ONE else TRAIN], minlength=classes)
    np.testing.assert_allclose(rivals["prior"].score(TEST)[0], shares / shares.sum(), rtol=1e-4)


@pytest.mark.parametrize("folds", [FOLDS, ONE], ids=["several folds", "one fold"])
def test_labels_without_a_rule_are_remembered_by_the_model_and_unknown_to_one_held_apart(monkeypatch, folds):
    forest = [{"min_samples_leaf": 1}]
    monkeypatch.setattr(class_rivals, "GRIDS", SMALL | {"random_forest": ("raw", forest)})
    rng = np.random.default_rng(1)
    values = rng.normal(size=(160, 6))
    views = Views(Matrix(values, values, list("abcdef"), []), signal=values, image=values)
    code = rng.permutation(np.arange(160) % 2)
    rivals = fit_class_rivals(views, code, folds, classes=2, train=TRAIN)
    fitted, held = (TRAIN, HELD) if folds is FOLDS else ONE[0]
    right = {name: (rival.score(fitted).argmax(1) == code[fitted]).mean() for name, rival in rivals.items()}
    assert right["random_forest"] > 0.85
    for rival in rivals.values():
        assert (
            log_loss(code[held], rival.valid) > 0.67 and (rival.valid.argmax(1) == code[held]).mean() < 0.65
        )


def test_a_row_held_out_has_no_say_in_its_own_probability(monkeypatch):
    only(
        monkeypatch,
        prior=[{}],
        logistic_regression=[{"C": 1.0}],
        random_forest=[{"min_samples_leaf": 1}],
        nearest_neighbour=[{"distance": "dtw", "neighbours": 3}],
        linear_probe=[{"C": 0.1}],
    )
    views, code = everything(3)
    other = np.where(np.isin(np.arange(160), FOLDS[1][1]), (code + 1) % 3, code)
    once, again = (fit_class_rivals(views, each, FOLDS, classes=3, train=TRAIN) for each in (code, other))
    own, others = np.isin(HELD, FOLDS[1][1]), np.isin(HELD, FOLDS[0][1])
    for name in once:
        np.testing.assert_array_equal(once[name].valid[own], again[name].valid[own])
        assert np.abs(once[name].valid[others] - again[name].valid[others]).max() > 1e-3, name


def test_means_and_components_of_a_fold_are_learnt_from_its_training_rows(monkeypatch):
    only(monkeypatch, logistic_regression=[{"C": 1.0}], linear_probe=[{"C": 0.1}])
    views, code = everything()
    signal, image = views.signal.copy(), views.image.copy()
    far = FOLDS[1][1][:5]
    signal[far], image[far] = 1e3, -1e3
    moved = Views(views.table, signal, image)
    once, again = (
        fit_class_rivals(each, code, FOLDS[1:2], classes=2, train=TRAIN) for each in (views, moved)
    )
    for name in once:
        np.testing.assert_array_equal(once[name].valid[5:], again[name].valid[5:])


def test_test_rows_change_nothing_and_a_second_run_gives_the_same():
    views, code = everything(3)
    other = Views(
        Matrix(views.table.raw.copy(), views.table.scaled.copy(), views.table.names, [2]),
        views.signal.copy(),
        views.image.copy(),
    )
    other.table.raw[TEST], other.table.scaled[TEST], other.signal[TEST], other.image[TEST] = 7, 7, 7, 7
    unknown = np.where(np.isin(np.arange(160), TEST), -1, code)
    once = fit_class_rivals(views, code, FOLDS, classes=3, train=TRAIN, seed=4)
    again = fit_class_rivals(other, unknown, FOLDS, classes=3, train=TRAIN, seed=4)
    for name, rival in once.items():
        assert rival.settings == again[name].settings
        np.testing.assert_array_equal(rival.valid, again[name].valid)
        np.testing.assert_array_equal(rival.score(TRAIN), again[name].score(TRAIN))


@pytest.mark.parametrize("order", [1, -1])
def test_the_setting_with_the_least_loss_on_held_out_rows_is_kept(monkeypatch, order):
    views, code = everything()
    grid = [{"C": 1e-6}, {"C": 0.1}][::order]
    losses, tried = [], []
    for setting in grid:
        only(monkeypatch, logistic_regression=[setting])
        tried += fit_class_rivals(views, code, FOLDS, classes=2, train=TRAIN).values()
        losses.append(log_loss(code[HELD], tried[-1].valid))
    only(monkeypatch, logistic_regression=grid)
    kept = fit_class_rivals(views, code, FOLDS, classes=2, train=TRAIN)["logistic_regression"]
    best = int(np.argmin(losses))
    assert kept.settings == grid[best] and losses[best] < losses[1 - best] - 0.01
    np.testing.assert_array_equal(kept.valid, tried[best].valid)
    np.testing.assert_array_equal(kept.score(TEST), tried[best].score(TEST))


def test_equal_losses_are_parted_by_accuracy():
    truth = np.array([0, 2])
    right = np.array([[0.4, 0.3, 0.3], [0.3, 0.3, 0.4]])
    wrong = np.array([[0.4, 0.6, 0.0], [0.3, 0.3, 0.4]])  # as likely, and yet another class is likelier
    assert class_rivals._loss(truth, right)[0] == class_rivals._loss(truth, wrong)[0]
    assert class_rivals._loss(truth, right) < class_rivals._loss(truth, wrong)
    assert class_rivals._loss(truth, right)[0] == pytest.approx(2 * log_loss(truth, right, labels=[0, 1, 2]))


def test_the_linear_probe_is_a_logistic_regression_on_standardised_components(monkeypatch):
    only(monkeypatch, linear_probe=[{"C": 0.1}])
    monkeypatch.setattr(class_rivals, "ALONE", 10)
    image, code = np.nan_to_num(everything(3)[0].image), everything(3)[1]
    rival = fit_class_rivals(Views(image=image), code, ONE, classes=3, train=TRAIN)["linear_probe"]
    fitted = ONE[0][0]
    scaled = StandardScaler().fit(image[fitted]).transform(image)
    components = PCA(10, random_state=0).fit(scaled[fitted]).transform(scaled)
    expected = LogisticRegression(C=0.1, max_iter=1000).fit(components[fitted], code[fitted])
    np.testing.assert_allclose(rival.score(TEST), expected.predict_proba(components[TEST]), atol=1e-4)


@pytest.mark.parametrize("distance", ["euclidean", "dtw"])
@pytest.mark.parametrize("neighbours", [1, 3, 5])
def test_the_nearest_neighbour_votes_as_scikit_learn_does(monkeypatch, distance, neighbours):
    only(monkeypatch, nearest_neighbour=[{"distance": distance, "neighbours": neighbours}])
    signal, code = np.random.default_rng(0).normal(size=(160, 9)).cumsum(axis=1), everything(3)[1]
    rival = fit_class_rivals(Views(signal=signal), code, ONE, classes=3, train=TRAIN)["nearest_neighbour"]
    fitted = ONE[0][0]
    measure = "euclidean" if distance == "euclidean" else lambda a, b: plain_dtw(a, b, 1)
    judge = KNeighborsClassifier(neighbours, metric=measure, algorithm="brute").fit(
        signal[fitted], code[fitted]
    )
    votes = judge.predict_proba(signal[TEST]) * neighbours
    np.testing.assert_allclose(rival.score(TEST), (votes + 1 / 3) / (neighbours + 1), rtol=1e-6)


def test_signals_that_come_late_are_told_by_warping():
    rng = np.random.default_rng(0)
    code, late = np.arange(160) % 2, rng.integers(-3, 4, 160)
    time_ = np.arange(60)
    peak = np.exp(-((time_ - 20 - late[:, None]) ** 2)) + np.where(code, 1, -1)[:, None] * np.exp(
        -((time_ - 30 - late[:, None]) ** 2)
    )
    other = rng.integers(-3, 4, 160)[:, None]
    views = Views(signal=peak + 3 * np.exp(-((time_ - 45 - other) ** 2)) + rng.normal(0, 0.2, (160, 60)))
    rival = fit_class_rivals(views, code, FOLDS, classes=2, train=TRAIN)["nearest_neighbour"]
    assert rival.settings["distance"] == "dtw"
    assert (rival.score(TEST).argmax(1) == code[TEST]).mean() > 0.9


def test_a_class_of_two_rows_is_no_hindrance_and_counts_nothing_where_it_was_not_seen():
    views, code = everything(2)
    code = code.copy()
    code[FOLDS[0][1][:2]] = 2  # both in one fold, whose model has never seen the class
    rivals = fit_class_rivals(views, code, FOLDS, classes=3, train=TRAIN)
    for name, rival in rivals.items():
        unseen = rival.valid[: len(FOLDS[0][1]), 2]
        whole = rival.score(TEST)
        if name != "nearest_neighbour":  # which gives a part of a vote to every class
            np.testing.assert_allclose(unseen, 1e-6, rtol=1e-4)
        assert np.isfinite(whole).all() and whole[:, 2].max() > 2e-6, name


def test_boosting_is_fitted_again_with_the_mean_of_the_rounds_that_its_folds_asked_for(monkeypatch):
    only(monkeypatch, gradient_boosting=[{"learning_rate": 0.3, "max_leaf_nodes": 4}])
    views, code = everything()
    alone = [fit_class_rivals(views, code, [fold], classes=2, train=TRAIN) for fold in FOLDS]
    rounds = [rivals["gradient_boosting"].settings["max_iter"] for rivals in alone]
    rival = fit_class_rivals(views, code, FOLDS, classes=2, train=TRAIN)["gradient_boosting"]
    assert len(set(rounds)) > 1 and max(rounds) < 400
    assert rival.settings == {"learning_rate": 0.3, "max_leaf_nodes": 4, "max_iter": round(np.mean(rounds))}
    valid = np.concatenate([rivals["gradient_boosting"].valid for rivals in alone])
    np.testing.assert_array_equal(rival.valid, valid)


def test_held_out_rows_of_one_class_or_training_rows_of_one_class_stop_nothing():
    views, code = everything()
    zeros = np.flatnonzero(code == 0)
    apart = np.setdiff1d(np.arange(160), zeros[:10])
    with pytest.MonkeyPatch.context() as patch:
        only(patch, gradient_boosting=[{}])
        rivals = fit_class_rivals(views, code, [(apart, zeros[:10])], classes=2, train=apart)
    assert rivals["gradient_boosting"].settings["max_iter"] == 100
    ones = np.flatnonzero(code == 1)
    single = fit_class_rivals(views, code, [(zeros, ones)], classes=2, train=zeros)
    for name, rival in single.items():
        np.testing.assert_allclose(rival.score(TEST), [[1, 1e-6]] * len(TEST), rtol=1e-5, err_msg=name)


def test_a_rival_without_its_view_is_left_out():
    views, code = everything()
    tables = ["prior", "logistic_regression", "random_forest", "gradient_boosting"]
    for each, more in (
        (Views(table=views.table), []),
        (Views(signal=views.signal), ["nearest_neighbour"]),
        (Views(image=views.image), ["linear_probe"]),
    ):
        assert list(fit_class_rivals(each, code, ONE, classes=2, train=TRAIN)) == tables + more


def test_a_row_without_a_signal_or_image_gets_the_shares_of_training():
    views, code = everything()
    rivals = fit_class_rivals(views, code, FOLDS, classes=2, train=TRAIN)
    for name, view in (("nearest_neighbour", views.signal), ("linear_probe", views.image)):
        found, missing = rivals[name].score(TEST), np.isnan(view[TEST]).any(axis=1)
        prior = rivals["prior"].score(TEST)[missing]
        assert 0 < missing.sum() < len(TEST)
        np.testing.assert_allclose(found[missing], prior, rtol=1e-6)
        assert np.abs(found[~missing] - prior[0]).min(axis=1).max() > 0.1


def test_views_that_no_training_row_has_do_no_harm():
    views, code = everything()
    gone = Views(views.table, views.signal.copy(), views.image.copy())
    gone.signal[TRAIN], gone.image[TRAIN] = np.nan, np.nan
    for each in (gone, Views(signal=gone.signal, image=gone.image), Views(image=gone.image)):
        rivals = fit_class_rivals(each, code, FOLDS, classes=2, train=TRAIN)
        assert all(np.isfinite(rival.score(TEST)).all() for rival in rivals.values())


def test_all_views_are_joined_the_table_first():
    views, _ = everything()
    raw, scaled = joined(views)
    assert raw.shape == (160, 3 + 20 + 70) and scaled.shape == (160, 6 + 21 + 71)
    np.testing.assert_array_equal(raw[:, :3], views.table.raw)
    np.testing.assert_array_equal(raw[:, 3:23], views.signal)
    np.testing.assert_array_equal(scaled[:, 26], ~np.isnan(views.signal).any(axis=1))
    np.testing.assert_array_equal(scaled[:, 27:97], views.image)
    np.testing.assert_array_equal(scaled[:, 97], ~np.isnan(views.image).any(axis=1))


def test_what_cannot_be_fitted_is_refused():
    views, code = everything()
    for bad, folds, classes, message in (
        (Views(), ONE, 2, "there must be views, all of 160 rows"),
        (Views(views.table, views.signal[:9]), ONE, 2, "there must be views, all of 160 rows"),
        (views, [(TRAIN, TRAIN[:5])], 2, "may hold out none of them"),
        (views, [(TRAIN[:0], TRAIN)], 2, "needs rows to fit on"),
        (views, ONE, 1, "whole numbers from 0 to 0"),
    ):
        with pytest.raises(ValueError, match=message):
            fit_class_rivals(bad, code, folds, classes=classes, train=TRAIN)
