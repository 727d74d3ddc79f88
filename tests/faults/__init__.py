"""Kill, replay, race, cross over to another tenant, send nonsense."""
