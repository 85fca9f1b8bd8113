"""What monitoring tools report: receipts, alerts, who is paged, which incident they belong to."""
