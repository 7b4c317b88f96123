"""Every chart: a function takes data and ``ax=None`` and returns the axes."""
