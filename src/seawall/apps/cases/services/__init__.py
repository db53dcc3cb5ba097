"""Commands: the only writers of the room. Each opens the transaction, asks for permission, writes the ledger entry."""
