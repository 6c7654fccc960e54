"""What an installation sets: areas, agencies, gateways and the catalogue, as files."""
