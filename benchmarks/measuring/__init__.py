"""cyclesim and other engines measured side by side: engines, rounds, goals, the page."""
