"""Pictures and clips in and out of files: encode, decode, fit, contact sheets, plots; knows no model and no tensor library."""
