"""The embedded AWS engine (ministack) with the adapter that closes the gaps this product meets."""
