"""Networks: the autoencoder, the text encoder, the transformer and their helpers; each takes tensors and knows no canvas."""
