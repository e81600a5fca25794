"""What a proof-of-concept notebook shows, so that it needs no logic of its own.

    open_table(FraudPipeline, DATA, CONFIG)     the pipeline and its checked table
    show_table  plot_rates  plot_series ...     the data
    show_settings                               every setting with its reason
    fit_and_judge                               the whole run, with one line of progress
    show_learning show_results show_costs show_rates show_cases    what it found
    show_reloaded                               the saved model answers as it did before

Every function takes `lang`, "en" or "zh". What they return, notebooks show as tables, drawings and photos, and
terminals as text; the figures and charts are those of the report.
"""

from shared.notebook.cases import show_cases
from shared.notebook.classes import plot_by_class
from shared.notebook.costs import show_costs, show_rates
from shared.notebook.data import show_table
from shared.notebook.loading import show_ahead, show_reloaded
from shared.notebook.opening import open_table
from shared.notebook.photos import plot_photos
from shared.notebook.rates import plot_rates, plot_rates_over_time
from shared.notebook.results import show_learning, show_results
from shared.notebook.running import fit_and_judge
from shared.notebook.series import plot_series, plot_week
from shared.notebook.settings import show_settings

__all__ = [
    "fit_and_judge",
    "open_table",
    "plot_by_class",
    "plot_photos",
    "plot_rates",
    "plot_rates_over_time",
    "plot_series",
    "plot_week",
    "show_ahead",
    "show_cases",
    "show_costs",
    "show_learning",
    "show_rates",
    "show_reloaded",
    "show_results",
    "show_settings",
    "show_table",
]
