"""How photos are read, learnt from and judged, as settings that every solution on photos shares."""

from typing import Literal

from pydantic import Field, model_validator

from shared.config import Settings


class ImageSettings(Settings):
    """What a photo is turned into, which network reads it, and when a part is rejected.

    Example:
        >>> ImageSettings(side=320).detector
        'auto'
    """

    # Photos
    good: tuple[str, ...] = Field(
        ("good", "ok", "normal", "free", "OK", "Good", "良品", "合格", "正常"),
        min_length=1,
        description="names of the class without a defect, of which the table has one",
    )
    mode: Literal["auto", "labelled", "good_only"] = Field(
        "auto", description="learn from defects, or from good parts alone; auto: by the classes there are"
    )
    side: int = Field(224, ge=32, le=1024, description="pixels of the square that the network reads")
    fit: Literal["pad", "stretch"] = Field(
        "pad", description="pad: the photo's shape is kept and mirrored at its edges; measured better"
    )
    channels: Literal["auto", 1, 3] = Field("auto", description="auto: 1 where all photos are grey")
    contrast: bool = Field(
        True, description="give each photo one mean and spread; off where shade is the fault"
    )
    tile: int | None = Field(
        None,
        ge=64,
        le=8192,
        description="pixels of a tile that large photos are cut into; left out: whole photos",
    )
    tile_overlap: float = Field(
        0.15, ge=0, lt=0.9, description="share of a tile that the next one shows again"
    )
    most_megapixels: float = Field(
        60.0, gt=0, description="larger photos are refused before they are decoded"
    )
    fewest: int = Field(5, ge=2, description="photos that a class must have")
    memory_mb: int = Field(1000, ge=0, description="decoded photos that are kept between epochs")
    workers: int = Field(2, ge=1, le=64, description="threads that decode photos")

    # The network
    backbone: Literal["mobilenet_v2", "efficientnet_v2_b0", "resnet50", "convnext_tiny", "residual"] = Field(
        "mobilenet_v2", description="encoder of the photos; residual is small and learns from nothing"
    )
    weights: str = Field(
        "auto",
        description="imagenet, a path to a .weights.h5, or none; auto: imagenet where it can be had, else none",
    )

    # Defects that are labelled
    head_views: Literal[1, 2, 4] = Field(4, description="flips of each photo that the head learns from")
    mask_rate: float = Field(4e-3, gt=0, description="learning rate of the decoder")
    mask_epochs: int = Field(6, ge=0, description="passes that teach the heatmap, the encoder at rest")
    tuning_epochs: int = Field(
        0, ge=0, description="passes that tune the encoder's upper blocks; kept if validation gains by them"
    )
    tuning_share: float = Field(
        0.4, ge=0, le=1, description="upper share of the encoder that is tuned at last"
    )
    tuning_rate: float = Field(1e-4, gt=0, description="learning rate of these blocks")
    mask_weight: float = Field(1.0, ge=0, description="of the mask loss beside the class loss")
    units: int = Field(
        32, ge=16, description="channels of the finest map of a network that learns from nothing"
    )

    # Good parts only
    detector: Literal["auto", "patchcore", "padim", "draem"] = Field(
        "auto", description="auto: patchcore on a pretrained encoder, draem where there is none"
    )
    maps: tuple[str, ...] = Field(("stride16",), min_length=1, description="maps of the encoder to compare")
    memory_patches: int = Field(8000, ge=10, description="patches of good parts that patchcore keeps")
    score_share: float = Field(
        0.3, ge=0, le=1, description="share of a photo's patches in its score; 0: the worst"
    )
    draem_epochs: int = Field(15, ge=1, description="passes of draem over the good photos")
    draem_side: int = Field(128, ge=32, description="pixels of the square that draem reads")

    # What a photo may look like besides, without being another part or another fault
    flip_horizontal: bool = Field(True, description="a mirrored photo is as likely")
    flip_vertical: bool = Field(True, description="upside down is as likely")
    quarter_turns: bool = Field(False, description="lying on its side is as likely")
    rotation: float = Field(0.0, ge=0, le=45, description="degrees a part may lie askew")
    zoom: float = Field(0.0, ge=0, lt=0.5, description="share it may be nearer or farther")
    shift: float = Field(0.0, ge=0, lt=0.5, description="share of the side it may be off centre")
    brightness: float = Field(15.0, ge=0, le=127, description="grey levels the lamp may differ by")
    exposure: float = Field(0.2, ge=0, le=1, description="log range of contrast")
    noise: float = Field(0.0, ge=0, le=64, description="grey levels of sensor noise")

    # Decisions
    rule: Literal["false_rejects", "escapes", "cost"] = Field(
        "false_rejects", description="what the threshold is chosen by, on validation photos"
    )
    most_false_rejects: float = Field(
        0.01, gt=0, lt=1, description="share of good parts that may be rejected"
    )
    most_escapes: float = Field(0.01, gt=0, lt=1, description="share of faulty parts that may be accepted")
    look_again: bool = Field(True, description="a third answer between the two thresholds")
    escape_cost: float = Field(100.0, ge=0, description="of a faulty part that is accepted")
    false_reject_cost: float = Field(5.0, ge=0, description="of a good part that is thrown away")
    look_again_cost: float = Field(1.0, ge=0, description="of a person who looks again and finds the truth")
    currency: str = Field("EUR", min_length=1, max_length=8, description="of all amounts")
    calibration: Literal["auto", "none", "temperature", "platt", "isotonic"] = Field(
        "auto", description="how scores become probabilities, on validation photos"
    )
    gallery: int = Field(18, ge=0, le=60, description="photos shown in the report")

    @model_validator(mode="after")
    def _tiles_fit(self) -> "ImageSettings":
        if self.tile is not None and self.tile < self.side:
            raise ValueError("tile no smaller than side: a tile is shrunk to side, never grown")
        return self
