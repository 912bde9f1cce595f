"""The protocol a second time, in the standard library alone.

Written from docs/protocol.md, chapter by chapter, and from nothing else: it
shares no code with the program, so that what both agree on is what the text
says. It is made to be read, not to be fast.

Read in this order: `refusal`, `cbor`, `ed25519`, `tree`, `record` (headers,
logs, checkpoints), `batch`, `proof`, then `strict_json`, `charter`, `uri`,
`gs1`, `context`, `event`, then `frontier`, `frame`, and `vectors`, which holds
all of it against docs/vectors.
"""
