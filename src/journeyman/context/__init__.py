"""The right lines in the first request: ``index`` knows the repository, ``rank`` orders, ``pack`` fills."""
