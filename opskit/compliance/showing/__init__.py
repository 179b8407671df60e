"""An audit on a screen, as a page, as JUnit and as gauges; the catalogue, the history and the schedule on a screen."""
