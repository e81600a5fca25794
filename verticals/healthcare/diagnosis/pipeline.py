"""`DiagnosisPipeline`: wiring only. What it decides stands in `data`, `model` and `config`."""

from shared.diagnostic import DiagnosticPipeline

from . import data
from .config import DiagnosisConfig, training_of


class DiagnosisPipeline(DiagnosticPipeline):
    """Gives each patient the probability of each class, from a table, a photo and a signal, or refers them.

    Example:
        >>> DiagnosisPipeline.name, [role.name for role in DiagnosisPipeline.roles if role.required]
        ('healthcare.diagnosis', ['label'])
    """

    name = "healthcare.diagnosis"
    title = {"en": "Support for a diagnosis", "zh": "辅助诊断"}
    task = {
        "en": "give each patient a calibrated risk, or refer them to a clinician",
        "zh": "为每位患者给出经校准的风险，或转由医生判断",
    }
    roles = data.ROLES
    Config = DiagnosisConfig

    @classmethod
    def sample(cls, *, seed: int = 0):
        from .sample import wisconsin

        return wisconsin()

    def usual(self, modalities, rows):
        return training_of(modalities, rows)

    def build(self, inputs, prior):
        from . import model

        return model.build(inputs, self.state, self.config, prior)

    def start(self, model, inputs, code, rows, held):
        from .model import start_from_logistic_regression

        return start_from_logistic_regression(model, inputs, code, rows, held)

    def changed(self, arrays, number):
        from .model import changed_photos

        return changed_photos(arrays, self.config, seed=self.config.seed + number)

    def class_maps(self, inputs, rows):
        from .model import class_maps

        return class_maps(self.model, inputs, rows)
