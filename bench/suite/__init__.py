"""The suite: tasks on real packages, worked by Journeyman under named profiles. See README.md."""
