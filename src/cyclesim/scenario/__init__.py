"""Study files: what they may say, and what they say once everything in them is checked."""
