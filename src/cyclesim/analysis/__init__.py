"""What the numbers of runs mean: labels, sentences, and later loops and tipping points."""
