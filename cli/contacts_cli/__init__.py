"""The command line of bulk-contacts. It talks to the HTTP API only."""
