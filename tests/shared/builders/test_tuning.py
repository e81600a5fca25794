import keras
import numpy as np
import pytest

from shared.builders.image import pretrained_image_encoder, residual_image_encoder
from shared.builders.tuning import freeze, frozen_share, unfreeze_from


def classifier(encoder):
    pooled = keras.layers.GlobalAveragePooling2D()(encoder.output["stride32"])
    model = keras.Model(encoder.input, keras.layers.Dense(2)(pooled))
    # of a rate that tells on untrained weights too, whose maps are very small
    model.compile(
        keras.optimizers.Adam(0.01, epsilon=1e-30),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    return model


def changed_by_fit(encoder):
    """Paths of the encoder's weights that one epoch changes."""
    before = {weight.path: np.array(weight) for weight in encoder.weights}
    rng = np.random.default_rng(0)
    given = rng.integers(0, 256, (8, *encoder.input_shape[1:])).astype("float32")
    classifier(encoder).fit(given, np.arange(8) % 2, verbose=0)
    return {weight.path for weight in encoder.weights if (before[weight.path] != np.array(weight)).any()}


def small():
    return residual_image_encoder((32, 32, 1), units=16, depth=1)


def test_a_frozen_encoder_is_not_changed_by_fit():
    encoder = small()
    freeze(encoder)
    assert changed_by_fit(encoder) == set()


def test_only_the_upper_blocks_change_and_no_batch_normalisation():
    encoder = small()
    unfreeze_from(encoder, "stage4_block1_conv1")
    changed = changed_by_fit(encoder)
    assert {path.split("/")[0] for path in changed} == {
        "stage4_block1_conv1",
        "stage4_block1_conv2",
        "stage4_block1_shortcut",
    }


def test_a_share_of_one_frees_all_but_the_batch_normalisations_and_of_zero_nothing():
    encoder = small()
    unfreeze_from(encoder, 1.0)
    changed = changed_by_fit(encoder)
    assert any("stem_conv" in path for path in changed) and not any("_bn" in path for path in changed)
    unfreeze_from(encoder, 0.0)
    assert frozen_share(encoder) == 1.0 and not encoder.trainable_weights


def test_the_upper_share_of_a_pretrained_network_learns_and_its_statistics_rest():
    encoder = pretrained_image_encoder("mobilenet_v2", (32, 32, 3), weights=None)
    unfreeze_from(encoder, 0.2)  # of 18 blocks: 14, 15, 16 and the last convolution
    assert {weight.path.split("/")[-2].rsplit("_", 1)[0] for weight in encoder.trainable_weights} == {
        *("block_14", "block_15", "block_16", "Conv"),
    }
    changed = changed_by_fit(encoder)
    assert changed and not any("moving" in path or "gamma" in path for path in changed)
    assert changed <= {weight.path for weight in encoder.trainable_weights}


def test_a_layer_s_name_frees_its_whole_block_and_all_above():
    encoder = pretrained_image_encoder("mobilenet_v2", (32, 32, 3), weights=None)
    network = encoder.get_layer("mobilenet_v2")
    unfreeze_from(encoder, "block_16_project")
    assert network.get_layer("block_16_expand").trainable and network.get_layer("Conv_1").trainable
    assert not network.get_layer("block_15_project").trainable


def test_a_larger_share_frees_more():
    encoder = pretrained_image_encoder("convnext_tiny", (32, 32, 3), weights=None)
    shares = []
    for share in (0.0, 0.1, 0.3, 0.6, 1.0):
        unfreeze_from(encoder, share)
        shares.append(frozen_share(encoder))
    assert shares == sorted(shares, reverse=True) and shares[0] == 1.0 and shares[-1] == 0.0
    assert len(set(shares)) == len(shares)


def test_frozen_share_counts_numbers():
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2), keras.layers.Dense(4)])
    model.layers[0].trainable = False
    assert frozen_share(model) == 8 / (8 + 12)


def test_what_is_no_share_and_no_layer_is_refused():
    with pytest.raises(ValueError, match="has no layer `block_1` with weights"):
        unfreeze_from(small(), "block_1")
    with pytest.raises(ValueError, match=r"lie in \[0, 1\], found 1.5"):
        unfreeze_from(small(), 1.5)
