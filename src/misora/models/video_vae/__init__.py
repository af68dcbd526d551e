"""The video autoencoder: 32 x 32 x 8 pixels to one latent cell, causal in time, streamable."""
