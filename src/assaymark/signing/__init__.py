"""What a file's bytes say of who signed it and over what: the signing block, content digests, signers, entries of an archive."""
