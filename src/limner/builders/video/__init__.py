"""Films of two persons become three-round dialogues that know them by name (paper Sections 3.3.2, 4.1)."""
