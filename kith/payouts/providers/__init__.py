"""The files banks and bookkeeping read. Nothing here opens a connection."""
