"""What detectors ask of the engine, computed once for each program and shared: the code view, the sensitive calls, the owners."""
