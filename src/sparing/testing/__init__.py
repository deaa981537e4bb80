"""Checks for people who write their own parts; the parts of this package run through them too."""

from sparing.testing.annotation_checks import yield_annotation_checks
from sparing.testing.detector_checks import yield_detector_checks
from sparing.testing.encoder_checks import yield_encoder_checks
from sparing.testing.export_checks import yield_export_checks
from sparing.testing.sequence_checks import yield_sequence_checks
from sparing.testing.strategy_checks import check_names, yield_strategy_checks
from sparing.testing.world import World

__all__ = [
    "World",
    "check_names",
    "yield_annotation_checks",
    "yield_detector_checks",
    "yield_encoder_checks",
    "yield_export_checks",
    "yield_sequence_checks",
    "yield_strategy_checks",
]
