"""The networks of `manufacturing.defects`: which encoder reads a photo, and what stands on it."""

from shared import builders
from shared.training.detectors import Draem, Padim, PatchCore

from .config import DefectConfig

# Maps of MobileNetV2 that the class head reads: measured best on validation photos of magnetic tiles.
STATISTICS = ("stride8", "early16", "stride16", "late32")


def encoder(shape: tuple[int, int, int], config: DefectConfig):
    """The encoder of `config.backbone`, and whether it is pretrained.

    With weights "auto" ImageNet's are taken where they can be had; without them a small network learns from
    nothing.
    """
    if config.backbone != "residual" and config.weights != "none":
        try:
            weights = "imagenet" if config.weights == "auto" else config.weights
            return builders.pretrained_image_encoder(
                config.backbone, shape, weights=weights, name="encoder"
            ), True
        except builders.WeightsError:
            if config.weights != "auto":
                raise
    if config.backbone == "residual" or config.weights == "auto":
        return builders.residual_image_encoder(shape, units=config.units, name="encoder"), False
    return builders.pretrained_image_encoder(config.backbone, shape, weights=None, name="encoder"), False


def inspection(shape: tuple[int, int, int], classes: int, config: DefectConfig, dtype: str):
    """Photo -> class logits and heatmap, and whether the encoder is pretrained."""
    reads, pretrained = encoder(shape, config)
    shapes = {key: output.shape[1:] for key, output in reads.output.items() if key in builders.STRIDES}
    decoder = builders.unet_decoder(shapes, classes=classes, name="decoder")
    statistics = (
        STATISTICS
        if pretrained and config.backbone == "mobilenet_v2"
        else ("stride8", "stride16", "stride32")
    )
    model = builders.inspection_model(
        reads,
        decoder,
        classes=classes,
        statistics=statistics,
        contrast=config.contrast,
        dropout=0.0 if pretrained else 0.2,
        dtype=dtype,
    )
    return model, pretrained


def detector(shape: tuple[int, int, int], config: DefectConfig, dtype: str):
    """What finds defects after good parts alone."""
    if config.detector == "draem":
        return Draem(shape, dtype)
    reads, pretrained = encoder(shape, config)
    if not pretrained and config.detector == "auto":
        return Draem(shape, dtype)
    return (Padim if config.detector == "padim" else PatchCore)(reads, dtype)


def frozen_features(photos, units, config: DefectConfig):
    """Mean of the last map of the encoder as it came, `(units, channels)`: what a linear probe reads."""
    import keras

    from shared import training

    reads, pretrained = encoder((photos.side, photos.side, photos.channels), config)
    if not pretrained:
        return None
    mean = keras.layers.GlobalAveragePooling2D()(reads.output["stride32"])
    return training.predict(keras.Model(reads.input, mean), photos, units)
