"""What all tests share: the pages in `detectors/` are tests."""

pytest_plugins = ["assaymark.testing.literate_plugin"]
