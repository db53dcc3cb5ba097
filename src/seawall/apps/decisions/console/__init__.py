"""Pages: the explorer and a decision (`decisions`), entities (`entities`)."""
