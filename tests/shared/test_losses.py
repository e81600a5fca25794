import keras
import numpy as np
import pytest
from scipy.special import expit, log_softmax
from sklearn.metrics import log_loss, mean_pinball_loss

from shared.builders import binary_head, multiclass_head
from shared.losses import (
    ClassBalanced,
    CostWeightedBinaryCrossentropy,
    FocalFromLogits,
    MemberLoss,
    Pinball,
    class_balanced_weights,
)


def bce():
    return keras.losses.BinaryCrossentropy(from_logits=True)


def crossentropy():
    return keras.losses.SparseCategoricalCrossentropy(from_logits=True)


LOSSES = {
    "focal": lambda: FocalFromLogits(1.5, 0.3, name="mine", reduction="sum"),
    "cost": lambda: CostWeightedBinaryCrossentropy(120.0, 2.0),
    "balanced": lambda: ClassBalanced(bce(), [900, 100], beta=0.9),
    "pinball": lambda: Pinball([0.5]),
    "members": lambda: MemberLoss(bce()),
    "members of balanced focal": lambda: MemberLoss(ClassBalanced(FocalFromLogits(), [900, 100])),
}
rng = np.random.default_rng(0)
Y = rng.integers(0, 2, 40)
LOGITS = rng.normal(size=(40, 1)).astype("float32") * 3


@pytest.fixture(autouse=True)
def seed():
    keras.utils.set_random_seed(0)


def value(loss, y_true, y_pred, weight=None):
    return float(keras.ops.convert_to_numpy(loss(y_true, y_pred, weight)))


@pytest.mark.parametrize("name", LOSSES)
def test_every_loss_reloads_equal(name):
    loss = LOSSES[name]()
    data = keras.saving.serialize_keras_object(loss)
    again = keras.saving.deserialize_keras_object(data)
    assert again.get_config() == loss.get_config()
    assert value(again, Y, LOGITS) == value(loss, Y, LOGITS)


@pytest.mark.parametrize("name", LOSSES)
def test_every_loss_survives_in_a_compiled_saved_model(name, tmp_path):
    model = binary_head((3,))
    model.compile("adam", LOSSES[name]())
    x = rng.normal(size=(40, 3)).astype("float32")
    model.fit(x, Y, epochs=1, verbose=0)
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    assert type(again.loss) is type(model.loss)
    assert again.evaluate(x, Y, verbose=0) == model.evaluate(x, Y, verbose=0)


@pytest.mark.parametrize("name", LOSSES)
def test_the_rank_of_the_labels_makes_no_difference(name):
    loss = LOSSES[name]()
    assert value(loss, Y, LOGITS) == value(loss, Y[:, None], LOGITS)
    assert value(loss, Y, LOGITS) == value(loss, Y.astype("float64"), LOGITS)


@pytest.mark.parametrize("name", ["focal", "cost"])
def test_the_rank_of_the_output_makes_no_difference(name):
    loss = LOSSES[name]()
    assert value(loss, Y, LOGITS[:, 0]) == value(loss, Y[:, None], LOGITS)


@pytest.mark.parametrize("name", LOSSES)
def test_sample_weights_weigh_rows(name):
    loss = LOSSES[name]()
    weight = (np.arange(40) < 15).astype("float32")
    share = 1 if loss.reduction == "sum" else 15 / 40
    expected = value(loss, Y[:15], LOGITS[:15]) * share
    assert value(loss, Y, LOGITS, weight) == pytest.approx(expected, rel=1e-5)
    assert value(loss, Y, LOGITS, weight[:, None]) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("name", LOSSES)
def test_every_loss_computes_in_float32(name):
    loss = LOSSES[name]()
    half = keras.ops.cast(keras.ops.convert_to_tensor(LOGITS), "bfloat16")
    found = loss(Y, half)
    assert keras.backend.standardize_dtype(found.dtype) == "float32"
    exact = keras.ops.convert_to_numpy(keras.ops.cast(half, "float32"))
    assert float(keras.ops.convert_to_numpy(found)) == value(loss, Y, exact)


@pytest.mark.parametrize("name", ["focal", "cost", "members of balanced focal"])
def test_extreme_logits_give_finite_losses_and_gradients(name):
    loss = LOSSES[name]()
    model = binary_head((1,))
    model.set_weights([np.ones((1, 1)), np.zeros(1)])
    model.compile(keras.optimizers.SGD(1e-6), loss)
    x = np.array([[1e4], [-1e4], [1e4], [-1e4], [90.0], [0.0]], "float32")
    y = np.array([1, 0, 0, 1, 1, 1])
    history = model.fit(x, y, verbose=0)
    assert np.isfinite(history.history["loss"]).all()
    assert all(np.isfinite(weight).all() for weight in model.get_weights())


def focal_by_hand(y, x, gamma, alpha):
    p = expit(x.astype("float64"))
    p_t = np.where(y == 1, p, 1 - p)
    alpha_t = 1 if alpha is None else np.where(y == 1, alpha, 1 - alpha)
    return np.mean(-alpha_t * (1 - p_t) ** gamma * np.log(p_t))


@pytest.mark.parametrize("gamma", [0.0, 0.5, 2.0, 5.0])
@pytest.mark.parametrize("alpha", [None, 0.25])
def test_focal_loss_is_equations_4_and_5(gamma, alpha):
    found = value(FocalFromLogits(gamma, alpha), Y, LOGITS)
    assert found == pytest.approx(focal_by_hand(Y, LOGITS[:, 0], gamma, alpha), rel=1e-5)


def test_focal_loss_agrees_with_keras():
    ours = value(FocalFromLogits(2.0, 0.25), Y, LOGITS)
    theirs = keras.losses.BinaryFocalCrossentropy(True, alpha=0.25, gamma=2.0, from_logits=True)
    assert ours == pytest.approx(value(theirs, Y, LOGITS), rel=1e-4)


def test_equal_costs_are_plain_crossentropy():
    loss = CostWeightedBinaryCrossentropy(7.0, 7.0)
    assert value(loss, Y, LOGITS) == pytest.approx(log_loss(Y, expit(LOGITS[:, 0])), rel=1e-5)


@pytest.mark.parametrize("from_logits", [True, False])
def test_costs_weigh_the_two_mistakes(from_logits):
    loss = CostWeightedBinaryCrossentropy(9.0, 1.0, from_logits=from_logits)
    p = expit(LOGITS)
    expected = 2 * log_loss(Y, p[:, 0], sample_weight=np.where(Y == 1, 0.9, 0.1))
    expected *= np.where(Y == 1, 0.9, 0.1).mean()
    assert value(loss, Y, LOGITS if from_logits else p) == pytest.approx(expected, rel=1e-4)


def test_the_best_constant_under_costs_has_its_odds_shifted_by_their_ratio():
    y = np.repeat([1, 0], [20, 80])
    loss = CostWeightedBinaryCrossentropy(5.0, 1.0)
    grid = np.linspace(-3, 3, 601).astype("float32")
    best = grid[np.argmin([value(loss, y, np.full((100, 1), x)) for x in grid])]
    assert best == pytest.approx(np.log(20 / 80) + np.log(5), abs=0.02)


def test_class_balanced_weights_are_inverse_to_the_effective_number():
    counts, beta = np.array([1000, 50, 3]), 0.99
    effective = (1 - beta**counts) / (1 - beta)
    weights = class_balanced_weights(counts, beta=beta)
    np.testing.assert_allclose(weights * effective, (weights * effective)[0])
    assert weights.sum() == pytest.approx(3)
    np.testing.assert_array_equal(class_balanced_weights(counts, beta=0.0), 1)
    frequency = class_balanced_weights(counts, beta=1 - 1e-9)
    np.testing.assert_allclose(frequency * counts, (frequency * counts)[0], rtol=1e-4)


def test_class_balanced_loss_reads_numbers_and_one_hot_labels():
    y = rng.integers(0, 3, 40)
    logits = rng.normal(size=(40, 3)).astype("float32")
    counts = [500, 20, 5]
    weights = class_balanced_weights(counts, beta=0.9)
    expected = np.mean(-weights[y] * log_softmax(logits, axis=1)[np.arange(40), y])
    assert value(ClassBalanced(crossentropy(), counts, beta=0.9), y, logits) == pytest.approx(
        expected, rel=1e-5
    )
    one_hot = ClassBalanced(keras.losses.CategoricalCrossentropy(from_logits=True), counts, beta=0.9)
    assert value(one_hot, np.eye(3)[y], logits) == pytest.approx(expected, rel=1e-5)


def test_pinball_is_the_mean_of_scikit_learns_over_the_quantiles():
    y, f = rng.normal(size=40), rng.normal(size=(40, 3)).astype("float32")
    quantiles = [0.1, 0.5, 0.95]
    expected = np.mean([mean_pinball_loss(y, f[:, i], alpha=q) for i, q in enumerate(quantiles)])
    assert value(Pinball(quantiles), y, f) == pytest.approx(expected, rel=1e-5)


def test_pinball_is_least_at_the_quantile():
    y = rng.exponential(size=2001).astype("float32")
    grid = np.quantile(y, np.linspace(0.01, 0.99, 99)).astype("float32")
    best = np.argmin([value(Pinball([0.8]), y, np.full((2001, 1), x, "float32")) for x in grid])
    assert abs(best - 79) <= 1


def test_member_loss_is_the_mean_of_the_members_losses():
    logits = rng.normal(size=(40, 4)).astype("float32")
    expected = np.mean([value(bce(), Y[:, None], logits[:, [i]]) for i in range(4)])
    assert value(MemberLoss(bce()), Y, logits) == pytest.approx(expected, rel=1e-5)
    assert value(MemberLoss(bce()), Y, logits[..., None]) == pytest.approx(expected, rel=1e-5)
    of_mean = value(bce(), Y[:, None], logits.mean(axis=1, keepdims=True))
    assert expected > of_mean + 0.01  # Jensen: not the loss of the mean


def test_member_loss_of_one_member_is_the_loss():
    assert value(MemberLoss(bce()), Y, LOGITS) == pytest.approx(value(bce(), Y[:, None], LOGITS), rel=1e-6)


def test_member_loss_reads_classes_quantiles_and_several_targets():
    y, logits = rng.integers(0, 3, 40), rng.normal(size=(40, 4, 3)).astype("float32")
    for loss, labels in ((crossentropy(), y), (Pinball([0.1, 0.5, 0.9]), y * 1.0)):
        expected = np.mean([value(loss, labels, logits[:, i]) for i in range(4)])
        assert value(MemberLoss(loss), labels, logits) == pytest.approx(expected, rel=1e-5)
    targets = rng.normal(size=(40, 3)).astype("float32")
    mse = keras.losses.MeanSquaredError()
    assert value(MemberLoss(mse), targets, logits) == pytest.approx(
        np.mean((targets[:, None] - logits) ** 2), rel=1e-5
    )


def test_member_loss_trains_several_classes():
    head = multiclass_head((2, 3), classes=3)
    head.compile(keras.optimizers.Adam(0.1), MemberLoss(crossentropy()))
    x = rng.normal(size=(200, 3)).astype("float32")
    both = np.repeat(x[:, None], 2, axis=1)
    losses = head.fit(both, x.argmax(axis=1), epochs=8, verbose=0).history["loss"]
    assert losses[-1] < 0.7 * losses[0]


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: FocalFromLogits(-1.0), "gamma must be at least 0, found -1.0"),
        (lambda: FocalFromLogits(2.0, 1.0), r"alpha must lie in \(0, 1\) or be None"),
        (lambda: FocalFromLogits()(Y, np.zeros((40, 3))), "wrap it in MemberLoss"),
        (lambda: CostWeightedBinaryCrossentropy(0.0, 1.0), "must be above 0"),
        (lambda: CostWeightedBinaryCrossentropy(float("nan"), 1.0), "must be above 0"),
        (lambda: class_balanced_weights([5, 0]), "at least 1 row for each of two or more classes"),
        (lambda: class_balanced_weights([5, 5], beta=1.0), r"beta must lie in \[0, 1\)"),
        (lambda: ClassBalanced("binary_crossentropy", [5, 5]), "loss must be a keras.losses.Loss"),
        (lambda: ClassBalanced(bce(), [5, 5])(np.zeros((4, 3)), np.zeros((4, 3))), r"`\(n,\)` or `\(n, 2\)`"),
        (lambda: Pinball([0.5, 0.1]), r"quantiles must rise within \(0, 1\)"),
        (lambda: Pinball([]), r"quantiles must rise within \(0, 1\)"),
        (lambda: Pinball([0.1, 0.9])(Y, LOGITS), r"`\(n, 2\)`, one column a quantile, found \(40, 1\)"),
        (lambda: MemberLoss("mse"), "loss must be a keras.losses.Loss"),
        (lambda: MemberLoss(bce())(Y, LOGITS[:, 0]), r"`\(n, members\)` or `\(n, members, outputs\)`"),
    ],
)
def test_a_bad_argument_is_refused_with_what_was_expected(build, message):
    with pytest.raises(ValueError, match=message):
        build()
