"""Where everything that must survive lies: the database, the file vault, the ledger, the events; knows no queue policy, web or torch."""
