"""Other tools' own addresses, answered as those tools do: whoever sends to them today sends here by changing a URL."""
