"""The drill: hang a node under real traffic, measure every client path, judge recovery against a window."""
