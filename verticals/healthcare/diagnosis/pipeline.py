"""`DiagnosisPipeline`: wiring only. What it decides stands in `model`, `config` and `roles.toml`."""

from shared.diagnostic import DiagnosticPipeline
from shared.diagnostic_settings import usual_training

from .config import PHOTO_STEPS, TRAINING, DiagnosisConfig


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
    Config = DiagnosisConfig

    @classmethod
    def sample(cls, *, seed: int = 0):
        from shared.simulators.patients import wisconsin

        return wisconsin()

    def usual(self, modalities, rows):
        return usual_training(TRAINING, modalities, rows, photo_steps=PHOTO_STEPS)

    def build(self, inputs, prior):
        from . import model

        return model.build(inputs, self.state, self.config, prior)

    def photo_changes(self, *, seed):
        from . import model

        return model.photo_changes(self.config, seed=seed)
