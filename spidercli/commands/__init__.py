"""One module for each command or group: gather, decide, show, ask, act."""
