"""Runs as OpenTelemetry traces and metrics, for a collector that the environment names."""

from journeyman.telemetry.delivery import BOUND_S, HASTY_S, deliver, is_installed, preload_exporter
from journeyman.telemetry.share import own_share

__all__ = ["BOUND_S", "HASTY_S", "deliver", "is_installed", "own_share", "preload_exporter"]
