"""An organization described in YAML, set up through the features' own actions; and the demo data."""
