"""What detectors ask of the engine, computed once for each program and shared."""
