"""What Android formats share: the manifest, as types."""
