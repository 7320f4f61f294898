"""The mark: what it takes to check a certificate, and nothing of the inspection. Starts fast, needs no network.

note        signed notes: verifier keys, signatures, cosignatures of witnesses
merkle      RFC 6962 trees: hashes, inclusion and consistency
checkpoint  the tree head of a log
policy      which logs and how many witnesses are believed
proof       an entry is in a log: `check_logged` says so, or why not
root        the trust root, its rotation, its issuers
status      suspended, revoked, superseded
strict      base64, decimals and JSON with one spelling each
reasons     every way to be refused
"""
