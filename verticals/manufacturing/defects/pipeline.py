"""`DefectPipeline`: wiring only. What it decides stands in `model`, `config` and `roles.toml`."""

from shared.imaging import ImagePipeline

from .config import DefectConfig


class DefectPipeline(ImagePipeline):
    """Accepts or rejects each part by its photo, names the defect and shows where it is.

    Example:
        >>> DefectPipeline.name, [role.name for role in DefectPipeline.roles if role.required]
        ('manufacturing.defects', ['image'])
    """

    name = "manufacturing.defects"
    title = {"en": "Visual defect inspection", "zh": "外观缺陷检测"}
    task = {
        "en": "accept or reject each part by its photo, and show where the defect is",
        "zh": "根据照片判定零件合格与否，并标出缺陷位置",
    }
    Config = DefectConfig
    small = {"parts": 130, "side": 64, "seed": 1}

    @classmethod
    def sample(cls, *, parts: int = 600, side: int = 192, seed: int = 0):
        from shared.simulators.parts import sample_parts

        return sample_parts(parts=parts, side=side, seed=seed)

    def build(self, shape, classes: int, dtype: str):
        from . import model

        return model.inspection(shape, classes, self.config, dtype)

    def detector(self, shape, dtype: str):
        from . import model

        return model.detector(shape, self.config, dtype)

    def frozen_features(self, photos, units):
        from . import model

        return model.frozen_features(photos, units, self.config)
