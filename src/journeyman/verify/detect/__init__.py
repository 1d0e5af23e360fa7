"""Detection of a repository's checks and fixers from its own files, without running anything."""

from journeyman.verify.detect.detection import Detection, detect_checks
from journeyman.verify.detect.fixers import detect_fixers

__all__ = ["Detection", "detect_checks", "detect_fixers"]
