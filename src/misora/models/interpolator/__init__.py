"""The interpolator: a picture between two pictures, at any moment between them."""
