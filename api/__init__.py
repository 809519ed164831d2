"""HTTP beside the page: the map frame, its files and geometry, and downloads."""
