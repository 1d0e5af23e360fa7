"""What a timeline comes to: where a run goes on, its spans, its figures. Pure functions of events."""
