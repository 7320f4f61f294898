"""Who signed a file, and over what: the signing block, content digests, signers, entries of an archive."""
