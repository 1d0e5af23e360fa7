"""Language models behind ``domain.model.ModelClient``: a client a protocol; waiting, prices, errors."""
