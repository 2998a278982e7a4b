"""A real region's tables from official files that a user downloads, as a manifest names them."""
