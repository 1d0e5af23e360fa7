"""Runs as OpenTelemetry traces and metrics, for a collector that the environment names."""

from journeyman.telemetry.delivery import deliver, is_installed, preload
from journeyman.telemetry.share import own_share

__all__ = ["deliver", "is_installed", "own_share", "preload"]
