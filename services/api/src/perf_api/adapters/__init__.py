"""Where data is kept: one folder per database, and the factory that chooses by the scheme of an URL."""
