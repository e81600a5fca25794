import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.builders.gaussian_patches import GaussianPatches
from shared.builders.good_only import HeatScale, PhotoScore, good_only_model
from shared.builders.patches import PatchFeatures, PatchMemory, nearest_positions, reweighted_score


def normal(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def numpy(tensor):
    return keras.ops.convert_to_numpy(tensor)


def tiny_encoder():
    photo = keras.Input((16, 16, 1))
    fine = keras.layers.Conv2D(3, 4, 4, name="fine")(photo)
    return keras.Model(photo, {"stride4": fine, "stride8": keras.layers.Conv2D(5, 2, 2)(fine)})


def fitted_model(head):
    model = good_only_model(tiny_encoder(), maps=["stride4", "stride8"], head=head, share=0.2)
    photos = np.random.default_rng(1).integers(0, 256, (6, 16, 16, 1)).astype("uint8")
    patches = numpy(keras.Model(model.input, model.get_layer("patches").output)(photos))
    if isinstance(head, PatchMemory):
        head.reset(patches.reshape(-1, 8)[: head.size])
    else:
        head.fit([patches])
    model.get_layer("heat_scale").adapt(numpy(head(patches)))
    return model, photos


@pytest.mark.parametrize("grid", [(5, 5), (4, 7), (1, 2)])
def test_a_place_is_the_mean_of_the_places_around_it_that_there_are(grid):
    x = normal(2, *grid, 3)
    expected = np.empty_like(x)
    for i in range(grid[0]):
        for j in range(grid[1]):
            around = x[:, max(0, i - 1) : i + 2, max(0, j - 1) : j + 2]
            expected[:, i, j] = around.mean(axis=(1, 2))
    np.testing.assert_allclose(numpy(PatchFeatures()([x])), expected, atol=1e-5)


def test_a_coarser_map_is_resized_as_pillow_does_it():
    from PIL import Image

    fine, coarse = normal(1, 8, 6, 2), normal(1, 4, 3, 1)
    found = numpy(PatchFeatures(pool=1)([coarse, fine]))
    expected = np.asarray(Image.fromarray(coarse[0, ..., 0]).resize((6, 8), Image.Resampling.BILINEAR))
    np.testing.assert_allclose(found[0, ..., 0], expected, atol=1e-5)
    np.testing.assert_array_equal(found[..., 1:], fine)


def test_after_adapt_each_map_has_the_same_share_in_the_spread():
    layer, maps = PatchFeatures(), [7 * normal(9, 6, 6, 4) + 3, 0.01 * normal(9, 6, 6, 12)]
    layer.adapt(maps)
    spread = numpy(layer(maps)).var(axis=(0, 1, 2))
    assert spread[:4].sum() == pytest.approx(spread[4:].sum(), rel=1e-3)
    assert spread.mean() == pytest.approx(1, rel=1e-3)


def test_a_map_that_never_changes_is_left_as_it_is():
    layer = PatchFeatures()
    layer.adapt([np.ones((2, 4, 4, 3), "float32")])
    assert numpy(layer.scale).tolist() == [1.0]


def test_a_map_of_unknown_size_is_refused():
    with pytest.raises(ValueError, match="known shape"):
        PatchFeatures()([keras.Input((None, None, 3))])


@pytest.mark.parametrize("neighbours, chunk", [(1, 1024), (1, 7), (3, 1024), (3, 7), (5, 2)])
def test_distances_to_the_memory_are_those_of_scikit_learn(neighbours, chunk):
    from sklearn.neighbors import NearestNeighbors

    memory, x = normal(40, 6) + 50, normal(3, 4, 5, 6, seed=1) + 50
    layer = PatchMemory(40, neighbours=neighbours, chunk=chunk)
    layer.reset(memory)
    oracle = NearestNeighbors(n_neighbors=neighbours, algorithm="brute").fit(memory.astype("float64"))
    expected = oracle.kneighbors(x.reshape(-1, 6))[0].mean(axis=1).reshape(3, 4, 5)
    np.testing.assert_allclose(numpy(layer(x)), expected, rtol=1e-4)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 1000), st.integers(1, 9), st.integers(1, 12))
def test_nearest_positions_do_not_hang_on_the_chunk(seed, count, chunk):
    memory, x = normal(12, 3, seed=seed), normal(7, 3, seed=seed + 1)
    expected = np.argsort(np.linalg.norm(x[:, None] - memory, axis=-1), axis=1)[:, :count]
    np.testing.assert_array_equal(numpy(nearest_positions(x, memory, count, chunk=chunk)), expected)


def test_a_stored_patch_is_at_distance_zero_even_far_from_the_origin():
    memory = 1e3 + normal(20, 64)
    layer = PatchMemory(20)
    layer.reset(memory)
    assert numpy(layer(memory.reshape(1, 4, 5, 64))).max() == 0


def test_a_memory_of_another_shape_or_too_few_patches_is_refused():
    layer = PatchMemory(3)
    layer.build((None, None, None, 2))
    with pytest.raises(ValueError, match=r"\(3, 2\), found \(4, 2\)"):
        layer.reset(np.zeros((4, 2)))
    with pytest.raises(ValueError, match="neighbours"):
        PatchMemory(3, neighbours=4)


@pytest.mark.parametrize("neighbours", [2, 5])
def test_the_reweighted_score_is_equation_7_written_out(neighbours):
    memory, x = normal(15, 4), normal(3, 2, 3, 4, seed=1)
    expected = []
    for photo in x.reshape(3, 6, 4).astype("float64"):
        away = np.linalg.norm(photo[:, None] - memory, axis=-1)
        worst = away.min(axis=1).argmax()
        stored = memory[away[worst].argmin()]
        around = np.argsort(np.linalg.norm(memory - stored, axis=1))[:neighbours]
        score = away[worst].min()
        expected.append((1 - np.exp(score) / np.exp(away[worst][around]).sum()) * score)
    np.testing.assert_allclose(numpy(reweighted_score(x, memory, neighbours=neighbours)), expected, rtol=1e-4)


def test_distances_to_the_shared_gaussian_are_those_of_scipy():
    from scipy.spatial.distance import mahalanobis

    good, x = normal(300, 4) @ normal(4, 4, seed=2) + 100, normal(2, 3, 3, 4, seed=1) + 100
    layer = GaussianPatches()
    layer.fit([good[:7], good[7:200], good[200:]])
    inverse = np.linalg.inv(np.cov(good.astype("float64").T) + 0.01 * np.eye(4))
    expected = [mahalanobis(patch, good.mean(axis=0, dtype="float64"), inverse) for patch in x.reshape(-1, 4)]
    np.testing.assert_allclose(numpy(layer(x)).ravel(), expected, rtol=1e-3)


def test_each_place_has_its_own_gaussian_in_mode_position():
    from scipy.spatial.distance import mahalanobis

    good, x = normal(30, 2, 3, 4) * np.arange(1, 4, dtype="float32")[:, None], normal(5, 2, 3, 4, seed=1)
    layer = GaussianPatches("position")
    layer.fit([good[:11], good[11:]])
    found = numpy(layer(x))
    for i in range(2):
        for j in range(3):
            place = good[:, i, j].astype("float64")
            inverse = np.linalg.inv(np.cov(place.T) + 0.01 * np.eye(4))
            expected = [mahalanobis(patch, place.mean(axis=0), inverse) for patch in x[:, i, j]]
            np.testing.assert_allclose(found[:, i, j], expected, rtol=1e-3)


@pytest.mark.parametrize("mode", ["shared", "position"])
def test_only_the_drawn_channels_are_read(mode):
    layer = GaussianPatches(mode, dims=3, seed=4)
    layer.fit([normal(9, 2, 2, 8)])
    x = normal(1, 2, 2, 8, seed=1)
    channels = numpy(layer.channels)
    assert len(set(channels)) == 3
    changed = x + 5
    changed[..., channels] = x[..., channels]
    np.testing.assert_array_equal(numpy(layer(x)), numpy(layer(changed)))


def test_a_gaussian_of_one_patch_or_of_a_singular_covariance_is_refused():
    with pytest.raises(ValueError, match="at least two"):
        GaussianPatches().fit([np.zeros((1, 2))])
    with pytest.raises(ValueError, match="regularisation above 0"):
        GaussianPatches(regularisation=0).fit([np.ones((5, 2))])


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 1000), st.floats(0, 0.99))
def test_a_photo_scores_the_mean_of_its_highest_distances(seed, share):
    x = normal(3, 4, 5, seed=seed)
    count = max(1, round(20 * share))
    expected = np.sort(x.reshape(3, 20))[:, -count:].mean(axis=1)
    np.testing.assert_allclose(numpy(PhotoScore(share)(x)), expected, atol=1e-5)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 1000), st.floats(0.001, 1000))
def test_heat_keeps_the_order_of_distances_and_stays_within_zero_and_one(seed, unit):
    scale = HeatScale()
    scale.adapt(unit * np.abs(normal(500, seed=seed)))
    heat = numpy(scale(np.sort(unit * np.abs(10 * normal(1, 5, 9, seed=seed + 1)).reshape(1, 1, 45))))
    assert (np.diff(heat) >= 0).all() and heat.min() >= 0 and heat.max() < 1


def test_a_tenth_percent_of_good_patches_is_hotter_than_one_half():
    good, scale = np.abs(normal(1, 100, 100)), HeatScale()
    scale.adapt(good)
    assert (numpy(scale(good)) > 0.5).mean() == pytest.approx(0.001, abs=2e-4)


def test_good_patches_that_are_all_alike_give_no_heat():
    scale = HeatScale()
    scale.adapt(np.full(10, 2.0))
    assert numpy(scale(np.array([[[2.0, 9.0]]], "float32"))).round(3).tolist() == [[[0.0, 1.0]]]


def test_distances_that_are_no_numbers_are_refused():
    for wrong in ([], [1.0, np.nan]):
        with pytest.raises(ValueError, match="must be numbers"):
            HeatScale().adapt(np.array(wrong))


HEADS = {
    "memory": lambda: PatchMemory(50, neighbours=2, chunk=16),
    "shared": lambda: GaussianPatches(dims=5),
    "position": lambda: GaussianPatches("position", dims=4, regularisation=0.5),
}


@pytest.mark.parametrize("head", HEADS)
def test_a_good_only_model_reloads_equal(head, tmp_path):
    model, photos = fitted_model(HEADS[head]())
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    found, expected = again.predict_on_batch(photos), model.predict_on_batch(photos)
    assert expected["score"].shape == (6,) and expected["heatmap"].shape == (6, 4, 4)
    for key in expected:
        np.testing.assert_array_equal(found[key], expected[key])
    assert not model.get_layer("heat_scale").trainable_weights


def test_a_damaged_photo_is_hot_around_the_damage_alone():
    head = PatchMemory(16)
    model = good_only_model(tiny_encoder(), maps=["stride4"], head=head, share=0)
    good = np.random.default_rng(1).integers(0, 256, (1, 16, 16, 1)).astype("uint8")
    damaged = good.copy()
    damaged[:, 12:, :4] = 255 - good[:, 12:, :4]
    head.reset(
        keras.Model(model.input, model.get_layer("patches").output).predict_on_batch(good).reshape(16, 3)
    )
    found = model.predict_on_batch(np.concatenate([good, damaged]))
    assert found["score"][0] == pytest.approx(0, abs=1e-3) and found["score"][1] > 1
    hot = found["heatmap"][1] > 1e-3
    assert hot[2:, :2].all() and not hot[:2].any() and not hot[:, 2:].any()


def test_a_map_that_the_encoder_lacks_is_refused():
    with pytest.raises(ValueError, match="stride4, stride8, found stride16"):
        good_only_model(tiny_encoder(), maps=["stride16"], head=PatchMemory(2))
