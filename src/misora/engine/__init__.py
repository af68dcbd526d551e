"""Jobs from acceptance to delivery: queue, leases, schedule, worker; knows no web and, outside ``rendering``, no torch."""
