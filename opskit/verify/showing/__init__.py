"""A drill's result on the terminal, as a page, as JUnit and metrics; past drills beside each other. Pure."""
