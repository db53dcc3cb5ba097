"""The decision service: the engine live, behind a journal, key store and HTTP; and the processes of a home."""
