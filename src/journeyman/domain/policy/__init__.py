"""What is decided by rule: pure functions of the domain's words, which give a value with its reasons."""
