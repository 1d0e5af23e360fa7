"""How the model speaks to each client's tools: one style for each family of tools."""
