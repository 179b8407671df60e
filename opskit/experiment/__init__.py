"""Tables of drills over embedded labs side by side: the rows, their order, their results as one page."""
