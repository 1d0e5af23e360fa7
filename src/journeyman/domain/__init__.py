"""The words of Journeyman as values: tasks, plans, scope, checks, events, stop reasons. Pure: no I/O."""
